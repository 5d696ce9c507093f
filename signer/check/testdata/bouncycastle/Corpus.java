import java.io.*;
import java.math.BigInteger;
import java.nio.file.*;
import java.security.Security;
import java.util.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;

/** Writes sealed documents into a folder; README.md says how. */
public final class Corpus {
    interface Setting<T> {
        void of(T t) throws Exception;
    }

    static Path folder;
    static Person root, middle, maker, stamper, stranger, foreign, rsa, ecdsa, authority, rsaAuthority;

    public static void main(String[] args) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        folder = Path.of(args[0]);
        Seeded.begin("people");
        people();
        seals();
        faults();
        messages();
        Certificates.write();
        Stamps.write();
        Lists.write();
    }

    /** An authority that is trusted, one that is not, and whom they certify. */
    static void people() throws Exception {
        root = anchor(Person.AUTHORITY, 1);
        middle = ofAuthority(root, Person.name(Person.COMMON_NAME, new DERUTF8String("某地认证中心二级")), 2);
        maker = root.certify(Person.sm2(), serial(3));
        stamper = root.certify(Person.sm2(), serial(4));
        authority = root.certify(Person.sm2(), stamping(5, true));
        rsa = root.certify(Person.of("RSA", null, "SHA256withRSA"), serial(6));
        ecdsa = root.certify(Person.of("EC", "P-256", "SHA256withECDSA"), serial(7));
        rsaAuthority = root.certify(Person.of("RSA", null, "SHA256withRSA"), stamping(8, true));
        stranger = anchor(Person.AUTHORITY, 1);
        foreign = stranger.certify(Person.sm2(), serial(4));
        Files.writeString(folder.resolve("roots.pem"), pem("CERTIFICATE", root.raw) + pem("CERTIFICATE", middle.raw));
    }

    static Person anchor(org.bouncycastle.asn1.x500.X500Name name, int serial) throws Exception {
        Person p = Person.sm2();
        return p.certify(p, authorityParts(name, name, serial));
    }

    static Person ofAuthority(Person issuer, org.bouncycastle.asn1.x500.X500Name name, int serial) throws Exception {
        return issuer.certify(Person.sm2(), authorityParts(Person.AUTHORITY, name, serial));
    }

    static Person.Parts authorityParts(org.bouncycastle.asn1.x500.X500Name issuer, org.bouncycastle.asn1.x500.X500Name subject, int serial) {
        Person.Parts p = serial(serial);
        p.issuer = issuer;
        p.subject = subject;
        p.extensions = new ArrayList<>(List.of(Person.extension(Extension.basicConstraints, true, new BasicConstraints(true)),
            Person.usage(KeyUsage.keyCertSign | KeyUsage.cRLSign)));
        return p;
    }

    static Person.Parts serial(int serial) {
        Person.Parts p = new Person.Parts();
        p.serial = BigInteger.valueOf(serial);
        return p;
    }

    static Person.Parts stamping(int serial, boolean critical) {
        Person.Parts p = serial(serial);
        p.extensions.add(Person.extension(Extension.extendedKeyUsage, critical, new ExtendedKeyUsage(KeyPurposeId.id_kp_timeStamping)));
        return p;
    }

    static String pem(String type, byte[] der) {
        return "-----BEGIN " + type + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + type + "-----\n";
    }

    static void seal(String name, Setting<Sealing> setting) throws Exception {
        Seeded.begin(name);
        Sealing s = new Sealing();
        s.maker = maker;
        s.stamper = stamper;
        setting.of(s);
        Files.write(folder.resolve(name + ".ofd"), s.document());
    }

    static void message(String name, Setting<Messages> setting, Sealing.Change wrap) throws Exception {
        seal(name, s -> {
            Messages m = new Messages();
            m.signer = stamper;
            setting.of(m);
            s.kind = "Sign";
            s.message = xml -> wrap.of(m.write(xml));
        });
    }

    static void message(String name, Setting<Messages> setting) throws Exception {
        message(name, setting, v -> v);
    }

    static byte[] base64(byte[] v) {
        return Base64.getEncoder().encode(v);
    }

    /** r‖s of a signature in its ASN.1 form. */
    static byte[] raw(byte[] signature) {
        byte[] out = new byte[64];
        for (int i = 0; i < 2; i++) {
            byte[] n = ASN1Integer.getInstance(ASN1Sequence.getInstance(signature).getObjectAt(i)).getPositiveValue().toByteArray();
            int from = Math.max(0, n.length - 32);
            System.arraycopy(n, from, out, 32 * (i + 1) - (n.length - from), n.length - from);
        }
        return out;
    }

    static byte[] bend(byte[] signature) throws IOException {
        ASN1Sequence s = ASN1Sequence.getInstance(signature);
        return Sealing.sequence(s.getObjectAt(0), new ASN1Integer(ASN1Integer.getInstance(s.getObjectAt(1)).getValue().flipBit(1))).getEncoded();
    }

    static ASN1Encodable custom(boolean critical) {
        return Sealing.sequence(Sealing.sequence(new ASN1ObjectIdentifier("1.2.156.10260.9.9"), critical ? ASN1Boolean.TRUE : ASN1Boolean.FALSE,
            new DEROctetString(new byte[] {5, 0})));
    }

    /** Seals as they should be, in every form. */
    static void seals() throws Exception {
        for (int form : new int[] {1, 4, 5}) {
            seal("seal-v" + form, s -> s.form = form);
        }
        seal("seal-v5-stamped", s -> {
            s.form = 5;
            s.sealStamp = v -> Stamps.stamp(t -> { }).make(v);
            s.stamp = s.sealStamp;
        });
        seal("seal-v1-time-text", s -> {
            s.form = 1;
            s.time = new DERBitString("20260601000000Z".getBytes());
        });
        seal("seal-v1-time-words", s -> {
            s.form = 1;
            s.time = new DERBitString("2026年06月01日 08:00".getBytes("UTF-8"));
        });
        seal("seal-v1-time-general", s -> {
            s.form = 1;
            s.time = new DERBitString(new ASN1GeneralizedTime("20260601000000Z").getEncoded());
        });
        seal("seal-base64", s -> s.wrap = Corpus::base64);
        seal("seal-pem", s -> s.wrap = v -> pem("SES SIGNATURE", v).getBytes());
        seal("seal-list-sm3", s -> s.listBy = "SM3");
        seal("seal-list-sm3-word", s -> {
            s.listBy = "SM3";
            s.listName = "SM3";
        });
        seal("seal-list-sha256", s -> s.listBy = "SHA-256");
        seal("seal-list-md5", s -> s.listBy = "MD5");
        seal("seal-extension", s -> s.extensions = custom(false));
        seal("seal-extension-critical", s -> s.extensions = custom(true));
        for (String oid : new String[] {"1.2.156.10197.1.301", "1.2.156.10197.1.301.1"}) {
            seal("seal-algorithm-" + oid.replaceAll(".*1\\.301", "301"), s -> {
                s.algorithm = oid;
                s.makerAlgorithm = oid;
            });
        }
        seal("seal-twice", s -> s.twice = true);
        seal("seal-middle", s -> s.stamper = belowMiddle());
    }

    static Person belowMiddle() throws Exception {
        Person.Parts p = serial(0x77);
        p.issuer = middle.cert.getSubject();
        return middle.certify(Person.sm2(), p);
    }

    /** Seals that do not hold, that hold and do not count, and of other forms. */
    static void faults() throws Exception {
        seal("raw-stamper", s -> s.value = Corpus::raw);
        seal("raw-maker", s -> s.makerValue = Corpus::raw);
        seal("raw-alone", s -> s.wrap = v -> raw(stamper.sign(v)));
        seal("algorithm-rsa", s -> {
            s.stamper = rsa;
            s.algorithm = "1.2.840.113549.1.1.11";
        });
        seal("algorithm-ecdsa", s -> {
            s.stamper = ecdsa;
            s.algorithm = "1.2.840.10045.4.3.2";
        });
        seal("algorithm-rsa-maker", s -> {
            s.maker = rsa;
            s.makerAlgorithm = "1.2.840.113549.1.1.11";
        });
        seal("algorithm-sm2-sha256", s -> {
            s.signWith = "SHA256withSM2";
            s.algorithm = "1.2.156.10197.1.503";
        });
        seal("digest-sha256", s -> {
            s.method = "2.16.840.1.101.3.4.2.1";
            s.digest = "SHA-256";
        });
        seal("digest-md5", s -> {
            s.method = "MD5";
            s.digest = "MD5";
        });
        seal("wrong-signature", s -> s.value = Corpus::bend);
        seal("wrong-signature-maker", s -> s.makerValue = Corpus::bend);
        seal("wrong-key", s -> s.value = v -> foreign.sign(v));
        seal("wrong-certificate", s -> {
            s.shown = foreign.raw;
            s.listed = foreign.raw;
        });
        seal("wrong-hash", s -> s.hash = Sealing.hash("SM3", new byte[1]));
        seal("wrong-page", s -> s.after = f -> f.put("Doc_0/Pages/Page_0/Content.xml", "<other/>".getBytes()));
        seal("wrong-signature-xml", s -> s.after = f -> f.put(Sealing.SIGNATURE,
            new String(f.get(Sealing.SIGNATURE)).replace("20260601", "20250601").getBytes()));
        seal("uncovered-page", s -> s.unlisted.add("Doc_0/Pages/Page_0/Content.xml"));
        seal("uncovered-ofd", s -> s.unlisted.add("OFD.xml"));
        seal("uncovered-list", s -> s.unlisted.add("Doc_0/Signs/Signatures.xml"));
        seal("uncovered-added", s -> s.after = f -> f.put("Doc_0/Pages/Page_1/Content.xml", "<x/>".getBytes()));
        seal("missing-page", s -> s.after = f -> f.remove("Doc_0/Pages/Page_0/Content.xml"));
        seal("missing-value", s -> s.after = f -> f.remove("Doc_0/Signs/Sign_0/SignedValue.dat"));
        seal("other-seal-covered", s -> s.otherSeal = true);
        seal("other-seal", s -> {
            s.otherSeal = true;
            s.unlisted.add("Doc_0/Signs/Sign_0/Seal.esl");
        });
        seal("list-without-signer", s -> s.listed = foreign.raw);
        seal("list-without-signer-digest", s -> {
            s.listed = foreign.raw;
            s.listBy = "SM3";
        });
        seal("period-seal-over", s -> s.until = "20260301000000Z");
        seal("period-seal-to-come", s -> s.from = "20260901000000Z");
        seal("period-future", s -> s.time = new ASN1GeneralizedTime("20270601000000Z"));
        seal("untrusted-stamper", s -> s.stamper = foreign);
        seal("untrusted-maker", s -> s.maker = foreign);
    }

    static final Sealing.Change SM3_OF = x -> Sealing.hash("SM3", x);

    static void messages() throws Exception {
        for (boolean gm : new boolean[] {true, false}) {
            String of = gm ? "message-gm-" : "message-cms-";
            message(of + "xml", m -> m.gm = gm);
            message(of + "detached", m -> {
                m.gm = gm;
                m.carried = false;
            });
            message(of + "sm3", m -> {
                m.gm = gm;
                m.content = SM3_OF;
            });
            message(of + "attributes", m -> {
                m.gm = gm;
                m.direct = false;
            });
            message(of + "sm3-attributes", m -> {
                m.gm = gm;
                m.direct = false;
                m.content = SM3_OF;
            });
            message(of + "detached-attributes", m -> {
                m.gm = gm;
                m.direct = false;
                m.carried = false;
            });
            message(of + "ber", m -> {
                m.gm = gm;
                m.direct = false;
                m.ber = true;
            });
            message(of + "ber-sm3", m -> {
                m.gm = gm;
                m.ber = true;
                m.content = SM3_OF;
            });
        }
        message("message-base64", m -> m.gm = true, Corpus::base64);
        message("message-base64-lines", m -> m.gm = true, v -> Base64.getMimeEncoder().encode(v));
        message("message-pem", m -> m.direct = false, v -> pem("PKCS7", v).getBytes());
        message("message-ber-base64", m -> m.ber = true, Corpus::base64);
        message("message-sm3-base64", m -> m.content = x -> base64(Sealing.hash("SM3", x)));
        message("message-algorithm-301", m -> m.named = new ASN1ObjectIdentifier("1.2.156.10197.1.301.1"));
        message("message-chain", m -> m.certs = List.of(root.cert, stamper.cert));
        message("message-key-id", m -> {
            Person.Parts p = serial(0x78);
            p.extensions.add(Person.extension(Extension.subjectKeyIdentifier, false, new SubjectKeyIdentifier(new byte[] {1, 2, 3, 4})));
            m.signer = root.certify(Person.sm2(), p);
            m.keyId = true;
        });
        message("message-names-itself", m -> {
            m.direct = false;
            m.more = m.more.add(Messages.names(stamper).getAttrType(), Messages.names(stamper).getAttributeValues()[0]);
        });
        message("message-stamped", m -> {
            m.direct = false;
            m.unsigned = p -> new org.bouncycastle.asn1.cms.AttributeTable(Stamps.attribute(p));
        });
        broken();
    }

    static void broken() throws Exception {
        message("message-middle", m -> m.signer = belowMiddle());
        message("message-sha256", m -> m.content = x -> Sealing.hash("SHA-256", x));
        message("message-sha256-detached", m -> {
            m.content = x -> Sealing.hash("SHA-256", x);
            m.carried = false;
        });
        message("message-sha256-attributes", m -> {
            m.content = x -> Sealing.hash("SHA-256", x);
            m.direct = false;
            m.carried = false;
        });
        message("message-sm3-hex", m -> m.content = x -> org.bouncycastle.util.encoders.Hex.encode(Sealing.hash("SM3", x)));
        message("message-names-another", m -> {
            m.direct = false;
            m.more = m.more.add(Messages.names(maker).getAttrType(), Messages.names(maker).getAttributeValues()[0]);
        });
        message("message-no-certificate", m -> m.certs = List.of());
        message("message-another-certificate", m -> m.certs = List.of(maker.cert));
        message("message-two-signers", m -> m.twice = true);
        message("message-rsa", m -> m.signer = rsa);
        message("message-ecdsa", m -> m.signer = ecdsa);
        message("message-sm2-sha256", m -> m.with = "SHA256withSM2");
        message("message-raw", m -> m.value = Corpus::raw);
        message("message-wrong-signature", m -> m.value = Corpus::bend);
        message("message-wrong-signature-ber", m -> {
            m.value = Corpus::bend;
            m.ber = true;
            m.direct = false;
        });
        message("message-other-content", m -> m.content = x -> "another".getBytes());
        message("message-other-content-sm3", m -> m.content = x -> Sealing.hash("SM3", "another".getBytes()));
        message("message-other-shown", m -> {
            m.direct = false;
            m.content = x -> "another".getBytes();
            m.shown = x -> x;
        });
        message("message-other-detached", m -> {
            m.direct = false;
            m.carried = false;
            m.content = x -> "another".getBytes();
        });
        message("message-future", m -> {
            m.direct = false;
            m.at = new Date(Messages.NOON.getTime() + 400L * 86400000);
        });
        message("message-before-certificate", m -> {
            m.direct = false;
            m.at = new Date(Messages.NOON.getTime() - 1000L * 86400000);
        });
        message("message-untrusted", m -> m.signer = foreign);
        message("message-of-time-stamper", m -> m.signer = authority);
    }
}
