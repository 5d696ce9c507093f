import java.math.BigInteger;
import java.security.*;
import java.util.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.*;
import org.bouncycastle.jce.spec.ECNamedCurveGenParameterSpec;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A key with its certificate. */
final class Person {
    static final ASN1ObjectIdentifier COMMON_NAME = new ASN1ObjectIdentifier("2.5.4.3");
    static final ASN1ObjectIdentifier EMAIL = new ASN1ObjectIdentifier("1.2.840.113549.1.9.1");
    static final X500Name AUTHORITY = name(COMMON_NAME, new DERUTF8String("某地认证中心"));

    final KeyPair keys;
    final String algorithm;
    X509CertificateHolder cert;

    Person(KeyPair keys, String algorithm) {
        this.keys = keys;
        this.algorithm = algorithm;
    }

    static Person sm2() throws Exception {
        return of("EC", "sm2p256v1", "SM3withSM2");
    }

    static Person of(String kind, String curve, String algorithm) throws Exception {
        KeyPairGenerator g = KeyPairGenerator.getInstance(kind, "BC");
        if (curve == null) {
            g.initialize(2048, Seeded.random);
        } else {
            g.initialize(new ECNamedCurveGenParameterSpec(curve), Seeded.random);
        }
        return new Person(g.generateKeyPair(), algorithm);
    }

    byte[] sign(byte[] message) throws Exception {
        return sign(algorithm, message);
    }

    byte[] sign(String by, byte[] message) throws Exception {
        Signature s = Signature.getInstance(by, "BC");
        s.initSign(keys.getPrivate(), Seeded.random);
        s.update(message);
        return s.sign();
    }

    ContentSigner signer() throws Exception {
        return signer(algorithm);
    }

    ContentSigner signer(String by) throws Exception {
        return new JcaContentSignerBuilder(by).setProvider("BC").setSecureRandom(Seeded.random).build(keys.getPrivate());
    }

    SubjectPublicKeyInfo publicKey() {
        return SubjectPublicKeyInfo.getInstance(keys.getPublic().getEncoded());
    }

    byte[] der() throws Exception {
        return cert.getEncoded();
    }

    static X500Name name(ASN1ObjectIdentifier type, ASN1Encodable value) {
        return name(new DERSet(pair(type, value)));
    }

    static X500Name name(ASN1Encodable... sets) {
        return X500Name.getInstance(new DERSequence(sets));
    }

    static ASN1Encodable pair(ASN1ObjectIdentifier type, ASN1Encodable value) {
        return new DERSequence(new ASN1Encodable[] {type, value});
    }

    /** A string of a type, of whatever bytes. */
    static ASN1Encodable text(int tag, byte[] bytes) throws Exception {
        byte[] der = new byte[bytes.length + 2];
        der[0] = (byte) tag;
        der[1] = (byte) bytes.length;
        System.arraycopy(bytes, 0, der, 2, bytes.length);
        return ASN1Primitive.fromByteArray(der);
    }

    /** What a certificate says; what is not set is as it should be. */
    static final class Parts {
        X500Name issuer = AUTHORITY;
        X500Name subject = name(COMMON_NAME, new DERUTF8String("某县行政审批局"));
        BigInteger serial = BigInteger.valueOf(0x51);
        Time from = new Time(new DERUTCTime("250101000000Z"));
        Time until = new Time(new DERUTCTime("300101000000Z"));
        SubjectPublicKeyInfo key;
        List<Extension> extensions = new ArrayList<>(List.of(usage(KeyUsage.digitalSignature | KeyUsage.nonRepudiation)));
        AlgorithmIdentifier inner, outer; // instead of the signer's
        boolean first; // version 1
    }

    static Extension usage(int bits) {
        return extension(Extension.keyUsage, true, new KeyUsage(bits));
    }

    static Extension extension(ASN1ObjectIdentifier type, boolean critical, ASN1Encodable value) {
        try {
            return new Extension(type, critical, value.toASN1Primitive().getEncoded("DER"));
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static Extension raw(String type, boolean critical, byte[] value) {
        return new Extension(new ASN1ObjectIdentifier(type), critical, value);
    }

    /** Certifies the holder, by the classes of BouncyCastle as far as they let it. */
    Person certify(Person holder, Parts p) throws Exception {
        ContentSigner signer = signer();
        ASN1EncodableVector list = new ASN1EncodableVector();
        for (Extension e : p.extensions) {
            list.add(e);
        }
        AlgorithmIdentifier inner = p.inner == null ? signer.getAlgorithmIdentifier() : p.inner;
        ASN1EncodableVector tbs = new ASN1EncodableVector();
        if (!p.first) {
            tbs.add(new DERTaggedObject(true, 0, new ASN1Integer(2)));
        }
        tbs.add(new ASN1Integer(p.serial));
        tbs.add(inner);
        tbs.add(p.issuer);
        tbs.add(new DERSequence(new ASN1Encodable[] {p.from, p.until}));
        tbs.add(p.subject);
        tbs.add(p.key == null ? holder.publicKey() : p.key);
        if (p.extensions.size() > 0) {
            tbs.add(new DERTaggedObject(true, 3, new DERSequence(list)));
        }
        byte[] signed = new DERSequence(tbs).getEncoded("DER");
        signer.getOutputStream().write(signed);
        holder.cert = null;
        holder.raw = new DERSequence(new ASN1Encodable[] {ASN1Primitive.fromByteArray(signed),
            p.outer == null ? inner : p.outer, new DERBitString(signer.getSignature())}).getEncoded("DER");
        try {
            holder.cert = new X509CertificateHolder(holder.raw);
        } catch (Exception e) {
            // BouncyCastle does not read it either: doubled extensions
        }
        return holder;
    }

    byte[] raw; // the certificate, also when BouncyCastle does not read it
}
