import java.math.BigInteger;
import java.nio.charset.*;
import java.nio.file.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.gm.GMObjectIdentifiers;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.jce.interfaces.ECPublicKey;

/** Seals by holders of certificates that break the standard, or look so. */
final class Certificates {
    private static void of(String name, Corpus.Setting<Person.Parts> setting) throws Exception {
        Corpus.seal("certificate-" + name, s -> {
            Person.Parts p = new Person.Parts();
            setting.of(p);
            s.stamper = Corpus.root.certify(Person.sm2(), p);
        });
    }

    private static void subject(String name, int tag, byte[] bytes) throws Exception {
        of(name, p -> p.subject = Person.name(Person.COMMON_NAME, Person.text(tag, bytes)));
    }

    private static void extended(String name, Extension... more) throws Exception {
        of(name, p -> p.extensions.addAll(java.util.List.of(more)));
    }

    private static void only(String name, Extension... all) throws Exception {
        of(name, p -> p.extensions = java.util.List.of(all));
    }

    static void write() throws Exception {
        Charset utf8 = StandardCharsets.UTF_8, gbk = Charset.forName("GB18030"), wide = StandardCharsets.UTF_16BE;
        of("ia5-email-utf8", p -> p.subject = Person.name(Person.EMAIL, Person.text(0x16, "审批@例子.cn".getBytes(utf8))));
        of("ia5-email-gbk", p -> p.subject = Person.name(Person.EMAIL, Person.text(0x16, "审批@例子.cn".getBytes(gbk))));
        subject("printable-chinese", 0x13, "某县行政审批局".getBytes(utf8));
        subject("printable-star", 0x13, "A*B@c_d&".getBytes(utf8));
        subject("bmp", 0x1e, "某县行政审批局".getBytes(wide));
        subject("t61-gbk", 0x14, "某县行政审批局".getBytes(gbk));
        subject("t61-utf8", 0x14, "某县行政审批局".getBytes(utf8));
        subject("utf8-gbk", 0x0c, "某县行政审批局".getBytes(gbk));
        subject("utf8-empty", 0x0c, new byte[0]);
        subject("universal", 0x1c, "某县".getBytes(Charset.forName("UTF-32BE")));
        subject("numeric-letters", 0x12, "12 A".getBytes(utf8));
        subject("visible-chinese", 0x1a, "某县".getBytes(utf8));
        subject("octets-as-name", 0x04, new byte[] {1, 2});
        of("country-word", p -> p.subject = Person.name(new ASN1ObjectIdentifier("2.5.4.6"), new DERUTF8String("中国")));
        of("subject-empty", p -> p.subject = Person.name());
        of("subject-several", p -> p.subject = Person.name(new DERSet(new ASN1Encodable[] {
            Person.pair(Person.COMMON_NAME, new DERUTF8String("局")), Person.pair(Person.COMMON_NAME, new DERUTF8String("审批局"))})));
        for (String serial : new String[] {"-1", "0", "-170141183460469231731687303715884105728"}) {
            of("serial-" + (serial.length() > 5 ? "very-negative" : serial.replace("-1", "negative")), p -> p.serial = new BigInteger(serial));
        }
        of("serial-long", p -> p.serial = BigInteger.ONE.shiftLeft(247));
        of("serial-very-long", p -> p.serial = BigInteger.ONE.shiftLeft(1600));
        of("times-general", p -> {
            p.from = new Time(new DERGeneralizedTime("20250101000000Z"));
            p.until = new Time(new DERGeneralizedTime("99991231235959Z"));
        });
        of("times-short", p -> p.from = new Time(new DERUTCTime("2501010000Z")));
        of("times-zone", p -> p.from = new Time(new DERUTCTime("250101080000+0800")));
        of("times-turned", p -> p.from = new Time(new DERUTCTime("310101000000Z")));
        of("expired", p -> p.until = new Time(new DERUTCTime("260501000000Z")));
        of("to-come", p -> p.from = new Time(new DERUTCTime("260901000000Z")));
        extensions();
        usages();
        keys();
    }

    private static void extensions() throws Exception {
        Extension own = Person.raw("1.2.156.10260.4.1.1", false, "91360732".getBytes());
        Extension names = Person.extension(Extension.subjectAlternativeName, false, new GeneralNames(new GeneralName(GeneralName.dNSName, "x.cn")));
        extended("own", own);
        extended("own-twice", own, own);
        extended("own-critical", Person.raw("1.2.156.10260.4.1.1", true, "91360732".getBytes()));
        extended("netscape", Person.raw("2.16.840.1.113730.1.1", false, new byte[] {3, 2, 5, (byte) 0xa0}));
        extended("names-twice", names, names);
        extended("names-chinese", Person.extension(Extension.subjectAlternativeName, false,
            new DERSequence(new DERTaggedObject(false, 1, Person.text(0x16, "邮件@例子".getBytes("UTF-8"))))));
        extended("names-broken", Person.raw("2.5.29.17", false, new byte[] {1, 2, 3}));
        extended("names-empty", Person.raw("2.5.29.17", false, new byte[0]));
        extended("points-broken", Person.raw("2.5.29.31", false, "http://crl.cn/a.crl".getBytes()));
        extended("policies-critical", Person.extension(Extension.certificatePolicies, true,
            new CertificatePolicies(new PolicyInformation(new ASN1ObjectIdentifier("1.2.156.10260.1")))));
        extended("key-id-critical", Person.extension(Extension.subjectKeyIdentifier, true, new SubjectKeyIdentifier(new byte[] {1, 2})));
        extended("constraints-empty", Person.raw("2.5.29.19", false, new byte[] {0x30, 0}));
        extended("constraints-not-critical", Person.extension(Extension.basicConstraints, false, new BasicConstraints(false)));
        extended("constraints-broken", Person.raw("2.5.29.19", true, new byte[] {0x30, 1}));
        extended("usage-twice", Person.usage(KeyUsage.digitalSignature));
        of("version-1", p -> p.first = true);
        of("version-1-encryption", p -> {
            p.first = true;
            p.extensions = java.util.List.of(Person.usage(KeyUsage.keyEncipherment));
        });
        of("version-1-bare", p -> {
            p.first = true;
            p.extensions = java.util.List.of();
        });
    }

    private static void usages() throws Exception {
        only("usage-none");
        only("usage-not-critical", Person.extension(Extension.keyUsage, false, new KeyUsage(KeyUsage.nonRepudiation)));
        only("usage-zeros", Person.raw("2.5.29.15", true, new byte[] {3, 2, 0, (byte) 0xc0}));
        only("usage-long", Person.raw("2.5.29.15", true, new byte[] {3, 3, 0, (byte) 0xc0, 0}));
        only("usage-nine", Person.raw("2.5.29.15", true, new byte[] {3, 3, 7, (byte) 0xff, (byte) 0x80}));
        only("usage-empty", Person.raw("2.5.29.15", true, new byte[] {3, 1, 0}));
        only("usage-octets", Person.raw("2.5.29.15", true, new byte[] {4, 1, (byte) 0xc0}));
        only("usage-octets-not-critical", Person.raw("2.5.29.15", false, new byte[] {4, 1, (byte) 0xc0}));
        only("usage-padding", Person.raw("2.5.29.15", true, new byte[] {3, 2, 6, (byte) 0xff}));
        only("usage-encryption", Person.usage(KeyUsage.keyEncipherment | KeyUsage.dataEncipherment));
        only("purpose-ocsp", Person.usage(KeyUsage.digitalSignature),
            Person.extension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_OCSPSigning)));
        only("purpose-stamping-and-mail", Person.usage(KeyUsage.digitalSignature), Person.extension(Extension.extendedKeyUsage, false,
            new ExtendedKeyUsage(new KeyPurposeId[] {KeyPurposeId.id_kp_timeStamping, KeyPurposeId.id_kp_emailProtection})));
        only("usage-authority", Person.usage(KeyUsage.keyCertSign));
        Extension sign = Person.usage(KeyUsage.digitalSignature | KeyUsage.nonRepudiation);
        for (boolean critical : new boolean[] {true, false}) {
            String end = critical ? "-critical" : "";
            only("purpose-mail" + end, sign, Person.extension(Extension.extendedKeyUsage, critical, new ExtendedKeyUsage(KeyPurposeId.id_kp_emailProtection)));
            only("purpose-stamping" + end, sign, Person.extension(Extension.extendedKeyUsage, critical, new ExtendedKeyUsage(KeyPurposeId.id_kp_timeStamping)));
            only("purpose-own" + end, sign, Person.extension(Extension.extendedKeyUsage, critical,
                new DERSequence(new ASN1ObjectIdentifier("1.2.156.10260.9.1"))));
        }
    }

    private static void keys() throws Exception {
        of("algorithm-null", p -> p.inner = new AlgorithmIdentifier(GMObjectIdentifiers.sm2sign_with_sm3, DERNull.INSTANCE));
        of("algorithm-null-outside", p -> p.outer = new AlgorithmIdentifier(GMObjectIdentifiers.sm2sign_with_sm3, DERNull.INSTANCE));
        of("algorithm-other", p -> {
            p.inner = new AlgorithmIdentifier(new ASN1ObjectIdentifier("1.2.840.113549.1.1.11"), DERNull.INSTANCE);
        });
        Corpus.seal("certificate-key-compressed", s -> {
            Person.Parts p = new Person.Parts();
            Person holder = Person.sm2();
            byte[] point = ((ECPublicKey) holder.keys.getPublic()).getQ().getEncoded(true);
            p.key = new SubjectPublicKeyInfo(holder.publicKey().getAlgorithm(), point);
            s.stamper = Corpus.root.certify(holder, p);
        });
        Corpus.seal("certificate-key-by-sm2", s -> {
            Person.Parts p = new Person.Parts();
            Person holder = Person.sm2();
            p.key = new SubjectPublicKeyInfo(new AlgorithmIdentifier(GMObjectIdentifiers.sm2sign), holder.publicKey().getPublicKeyData().getBytes());
            s.stamper = Corpus.root.certify(holder, p);
        });
        Corpus.seal("certificate-key-parameters", s -> {
            Person.Parts p = new Person.Parts();
            Person holder = Person.sm2();
            p.key = new SubjectPublicKeyInfo(new AlgorithmIdentifier(holder.publicKey().getAlgorithm().getAlgorithm(),
                org.bouncycastle.asn1.gm.GMNamedCurves.getByName("sm2p256v1")), holder.publicKey().getPublicKeyData().getBytes());
            s.stamper = Corpus.root.certify(holder, p);
        });
        Corpus.seal("certificate-wrong-signature", s -> {
            Person.Parts p = new Person.Parts();
            p.issuer = Person.AUTHORITY;
            s.stamper = Corpus.stamper.certify(Person.sm2(), p);
        });
        Corpus.seal("certificate-of-no-authority", s -> {
            Person.Parts p = new Person.Parts();
            p.issuer = Corpus.stamper.cert.getSubject();
            s.stamper = Corpus.stamper.certify(Person.sm2(), p);
        });
    }
}
