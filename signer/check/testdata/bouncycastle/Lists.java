import java.math.BigInteger;
import java.nio.file.*;
import java.time.*;
import java.util.Date;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.cert.X509v2CRLBuilder;

/** Revocation lists over those who sealed. */
final class Lists {
    private static Date on(String day) {
        return Date.from(LocalDate.parse(day).atStartOfDay(ZoneOffset.UTC).toInstant());
    }

    private static void list(String name, Person issuer, int serial, String revoked, String next) throws Exception {
        Seeded.begin(name);
        X509v2CRLBuilder b = new X509v2CRLBuilder(Person.AUTHORITY, on("2026-11-29"));
        b.setNextUpdate(on(next));
        b.addCRLEntry(BigInteger.valueOf(serial), on(revoked), CRLReason.keyCompromise);
        Files.write(Corpus.folder.resolve(name + ".crl"), b.build(issuer.signer()).getEncoded());
    }

    static void write() throws Exception {
        list("stamper-before", Corpus.root, 4, "2026-03-01", "2026-12-29");
        list("stamper-after", Corpus.root, 4, "2026-09-01", "2026-12-29");
        list("stamper-old", Corpus.root, 99, "2026-03-01", "2026-11-29");
        list("middle-before", Corpus.root, 2, "2026-03-01", "2026-12-29");
        list("maker-before", Corpus.root, 3, "2025-06-01", "2026-12-29");
        list("stranger", Corpus.stranger, 4, "2026-03-01", "2026-12-29");
    }
}
