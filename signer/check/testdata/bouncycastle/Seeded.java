import java.security.*;

/** Random numbers that are the same in every run, so that the files are. */
final class Seeded extends SecureRandom {
    static final Seeded random = new Seeded();
    private byte[] seed = new byte[32];
    private long count;

    /** Begins anew for a file of the name, whatever came before it. */
    static void begin(String name) throws Exception {
        random.seed = MessageDigest.getInstance("SHA-256").digest(name.getBytes("UTF-8"));
        random.count = 0;
    }

    @Override
    public void nextBytes(byte[] out) {
        try {
            for (int i = 0; i < out.length;) {
                MessageDigest d = MessageDigest.getInstance("SHA-256");
                d.update(seed);
                for (int shift = 0; shift < 64; shift += 8) {
                    d.update((byte) (count >> shift));
                }
                count++;
                for (byte b : d.digest()) {
                    if (i < out.length) {
                        out[i++] = b;
                    }
                }
            }
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
