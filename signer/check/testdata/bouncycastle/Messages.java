import java.math.BigInteger;
import java.util.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.*;
import org.bouncycastle.asn1.ess.*;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cms.*;
import org.bouncycastle.operator.*;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.asn1.tsp.TSTInfo;
import org.bouncycastle.tsp.*;
import org.bouncycastle.util.CollectionStore;

/** SignedData and time stamps as the generators of BouncyCastle write them. */
final class Messages {
    static final ASN1ObjectIdentifier GM_DATA = new ASN1ObjectIdentifier("1.2.156.10197.6.1.4.2.1");
    static final ASN1ObjectIdentifier GM_SIGNED = new ASN1ObjectIdentifier("1.2.156.10197.6.1.4.2.2");
    static final Date NOON = new Date(1780272000000L); // 2026-06-01T00:00:00Z

    static DigestCalculatorProvider digests() throws Exception {
        return new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
    }

    static AlgorithmIdentifier digestId(String name) {
        return new DefaultDigestAlgorithmIdentifierFinder().find(name);
    }

    Person signer;
    boolean gm, carried = true, direct = true, keyId, ber, twice;
    String with; // algorithm of the signature
    Date at = NOON; // signingTime, when there are attributes
    List<X509CertificateHolder> certs; // instead of the signer's
    AttributeTable more = new AttributeTable(new Hashtable<>());
    ASN1ObjectIdentifier named; // the signature's algorithm, as it is written
    Sealing.Change content = x -> x; // what is signed for Signature.xml
    Sealing.Change shown; // what is carried instead of what was signed
    Sealing.Change value = v -> v;
    CMSAttributeTableGenerator unsigned;

    byte[] write(byte[] xml) throws Exception {
        byte[] signed = content.of(xml);
        ASN1ObjectIdentifier type = gm ? GM_DATA : CMSObjectIdentifiers.data;
        CMSSignedDataGenerator g = new CMSSignedDataGenerator();
        for (int i = 0; i < (twice ? 2 : 1); i++) {
            g.addSignerInfoGenerator(info());
        }
        g.addCertificates(new CollectionStore<>(certs == null ? List.of(signer.cert) : certs));
        CMSSignedData made = g.generate(new CMSProcessableByteArray(type, signed), carried);
        ContentInfo whole = changed(made.toASN1Structure(), xml);
        return whole.getEncoded(ber ? "BER" : "DER");
    }

    private SignerInfoGenerator info() throws Exception {
        SignerInfoGeneratorBuilder b = new SignerInfoGeneratorBuilder(digests()).setDirectSignature(direct);
        if (!direct) {
            AttributeTable table = at == null ? more : more.add(CMSAttributes.signingTime, new DERUTCTime(at));
            b.setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(table));
        }
        if (unsigned != null) {
            b.setUnsignedAttributeGenerator(unsigned);
        }
        ContentSigner by = with == null ? signer.signer() : signer.signer(with);
        if (keyId) {
            return b.build(by, SubjectKeyIdentifier.getInstance(
                signer.cert.getExtension(Extension.subjectKeyIdentifier).getParsedValue()).getKeyIdentifier());
        }
        return b.build(by, signer.cert);
    }

    /** What GB/T 35275 names otherwise, and what is broken on purpose. */
    private ContentInfo changed(ContentInfo made, byte[] xml) throws Exception {
        SignedData d = SignedData.getInstance(made.getContent());
        ASN1EncodableVector signers = new ASN1EncodableVector();
        for (ASN1Encodable e : d.getSignerInfos()) {
            SignerInfo s = SignerInfo.getInstance(e);
            AlgorithmIdentifier algorithm = named == null ? s.getDigestEncryptionAlgorithm() : new AlgorithmIdentifier(named);
            signers.add(new SignerInfo(s.getSID(), s.getDigestAlgorithm(), s.getAuthenticatedAttributes(), algorithm,
                new DEROctetString(value.of(s.getEncryptedDigest().getOctets())), s.getUnauthenticatedAttributes()));
        }
        ContentInfo content = d.getEncapContentInfo();
        if (shown != null) {
            content = new ContentInfo(content.getContentType(),
                new BEROctetString(shown.of(xml)));
        }
        ASN1Set certificates = certs != null && certs.isEmpty() ? null : d.getCertificates();
        return new ContentInfo(gm ? GM_SIGNED : made.getContentType(),
            new SignedData(d.getDigestAlgorithms(), content, certificates, d.getCRLs(), new DERSet(signers)));
    }

    /** A time stamp over a signature, by the generator of BouncyCastle. */
    static final class Stamp {
        Person authority;
        String imprint = "SM3", names = "SHA-256", with;
        boolean serialToo, response, rich, withoutCertificate, ber, over;
        Date at = new Date(NOON.getTime() + 1000);
        byte[] other; // what is stamped instead
        List<X509CertificateHolder> certs;

        byte[] make(byte[] signature) throws Exception {
            TimeStampTokenGenerator g = generator();
            TimeStampRequestGenerator asked = new TimeStampRequestGenerator();
            asked.setCertReq(!withoutCertificate);
            TimeStampRequest request = asked.generate(digestId(imprint).getAlgorithm(), Sealing.hash(imprint, other == null ? signature : other),
                BigInteger.valueOf(7));
            if (response) {
                return new TimeStampResponseGenerator(g, TSPAlgorithms.ALLOWED).generate(request, BigInteger.valueOf(9), at).getEncoded();
            }
            TimeStampToken token = g.generate(request, BigInteger.valueOf(9), at);
            return ber ? token.toCMSSignedData().toASN1Structure().getEncoded("BER") : token.getEncoded("DER");
        }

        private TimeStampTokenGenerator generator() throws Exception {
            ContentSigner by = with == null ? authority.signer() : authority.signer(with);
            SignerInfoGenerator info = new SignerInfoGeneratorBuilder(digests())
                .setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(moment())).build(by, authority.cert);
            TimeStampTokenGenerator g = new TimeStampTokenGenerator(info, digests().get(digestId(names)),
                new ASN1ObjectIdentifier("1.2.156.10260.7.1"), serialToo);
            g.addCertificates(new CollectionStore<>(certs == null ? List.of(authority.cert) : certs));
            if (rich) {
                g.setAccuracySeconds(1);
                g.setAccuracyMillis(500);
                g.setOrdering(true);
                g.setTSA(new GeneralName(authority.cert.getSubject()));
                g.setResolution(TimeStampTokenGenerator.R_MILLISECONDS);
            }
            return g;
        }
    }

    /** A token by hand, for certificates and attributes that BouncyCastle refuses. */
    static byte[] token(Person authority, byte[] signature, Attribute ess) throws Exception {
        TSTInfo info = new TSTInfo(new ASN1ObjectIdentifier("1.2.156.10260.7.1"),
            new org.bouncycastle.asn1.tsp.MessageImprint(digestId("SM3"), Sealing.hash("SM3", signature)), new ASN1Integer(9),
            new ASN1GeneralizedTime("20260601000001Z"), null, null, null, null, null);
        AttributeTable table = moment();
        if (ess != null) {
            table = table.add(ess.getAttrType(), ess.getAttributeValues()[0]);
        }
        SignerInfoGenerator by = new SignerInfoGeneratorBuilder(digests())
            .setSignedAttributeGenerator(new DefaultSignedAttributeTableGenerator(table)).build(authority.signer(), authority.cert);
        CMSSignedDataGenerator g = new CMSSignedDataGenerator();
        g.addSignerInfoGenerator(by);
        g.addCertificate(authority.cert);
        return g.generate(new CMSProcessableByteArray(PKCSObjectIdentifiers.id_ct_TSTInfo, info.getEncoded("DER")), true).toASN1Structure().getEncoded("DER");
    }

    /** The signed attribute signingTime; the generators would write the present. */
    static AttributeTable moment() {
        return new AttributeTable(new Hashtable<>()).add(CMSAttributes.signingTime, new DERUTCTime(NOON));
    }

    /** The attribute that names a certificate by SHA-256. */
    static Attribute names(Person somebody) throws Exception {
        ESSCertIDv2 id = new ESSCertIDv2(Sealing.hash("SHA-256", somebody.raw));
        return new Attribute(PKCSObjectIdentifiers.id_aa_signingCertificateV2, new DERSet(new SigningCertificateV2(id)));
    }
}
