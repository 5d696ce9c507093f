import java.util.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cms.CMSAttributeTableGenerator;

/** Seals with time stamps. */
final class Stamps {
    static Messages.Stamp stamp(Corpus.Setting<Messages.Stamp> setting) throws Exception {
        Messages.Stamp t = new Messages.Stamp();
        t.authority = Corpus.authority;
        setting.of(t);
        return t;
    }

    private static void stamped(String name, Corpus.Setting<Messages.Stamp> setting) throws Exception {
        Corpus.seal(name, s -> s.stamp = v -> stamp(setting).make(v));
    }

    private static void byHand(String name, Corpus.Setting<Sealing> setting) throws Exception {
        Corpus.seal(name, setting);
    }

    /** A time stamp among the attributes that are not signed (CAdES-T). */
    static ASN1EncodableVector attribute(Map parameters) {
        try {
            byte[] signature = (byte[]) parameters.get(CMSAttributeTableGenerator.SIGNATURE);
            ASN1EncodableVector out = new ASN1EncodableVector();
            out.add(new org.bouncycastle.asn1.cms.Attribute(PKCSObjectIdentifiers.id_aa_signatureTimeStampToken,
                new DERSet(ASN1Primitive.fromByteArray(stamp(t -> { }).make(signature)))));
            return out;
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    static void write() throws Exception {
        for (String names : new String[] {"SHA-1", "SHA-256", "SHA-384", "SHA-512", "SM3"}) {
            String word = names.replace("-", "").toLowerCase();
            stamped("stamp-names-" + word, t -> t.names = names);
            stamped("stamp-names-" + word + "-serial", t -> {
                t.names = names;
                t.serialToo = true;
            });
        }
        for (String imprint : new String[] {"SHA-1", "SHA-256", "SHA-512", "SHA3-256"}) {
            stamped("stamp-imprint-" + imprint.replace("-", "").toLowerCase(), t -> t.imprint = imprint);
        }
        stamped("stamp-rich", t -> t.rich = true);
        stamped("stamp-response", t -> t.response = true);
        stamped("stamp-ber", t -> t.ber = true);
        stamped("stamp-chain", t -> t.certs = List.of(Corpus.root.cert, Corpus.authority.cert));
        stamped("stamp-without-certificate", t -> t.withoutCertificate = true);
        stamped("stamp-rsa", t -> t.authority = Corpus.rsaAuthority);
        stamped("stamp-other", t -> t.other = new byte[] {1});
        stamped("stamp-early", t -> t.at = new Date(Messages.NOON.getTime() - 86400000L));
        stamped("stamp-after-certificate", t -> t.at = new Date(Messages.NOON.getTime() + 2000L * 86400000));
        stamped("stamp-untrusted", t -> t.authority = Corpus.stranger.certify(Person.sm2(), Corpus.stamping(5, true)));
        stamped("stamp-expired-authority", t -> {
            Person.Parts p = Corpus.stamping(9, true);
            p.until = new Time(new DERUTCTime("260101000000Z"));
            t.authority = Corpus.root.certify(Person.sm2(), p);
        });
        byHand("stamp-by-hand", s -> s.stamp = v -> Messages.token(Corpus.authority, v, Messages.names(Corpus.authority)));
        byHand("stamp-names-nobody", s -> s.stamp = v -> Messages.token(Corpus.authority, v, null));
        byHand("stamp-names-another", s -> s.stamp = v -> Messages.token(Corpus.authority, v, Messages.names(Corpus.maker)));
        byHand("stamp-not-critical", s -> {
            Person p = Corpus.root.certify(Person.sm2(), Corpus.stamping(10, false));
            s.stamp = v -> Messages.token(p, v, Messages.names(p));
        });
        byHand("stamp-not-for-stamping", s -> s.stamp = v -> Messages.token(Corpus.stamper, v, Messages.names(Corpus.stamper)));
        byHand("stamp-odd-certificate", s -> {
            Person.Parts p = Corpus.stamping(11, true);
            p.subject = Person.name(Person.EMAIL, Person.text(0x16, "时间@例子".getBytes("UTF-8")));
            Person odd = Corpus.root.certify(Person.sm2(), p);
            s.stamp = v -> Messages.token(odd, v, Messages.names(odd));
        });
        byHand("stamp-refused", s -> s.stamp = v -> Sealing.sequence(Sealing.sequence(new ASN1Integer(2))).getEncoded());
        byHand("stamp-wrong-signature", s -> s.stamp = v -> {
            byte[] der = stamp(t -> { }).make(v);
            der[der.length - 1] ^= 1;
            return der;
        });
    }
}
