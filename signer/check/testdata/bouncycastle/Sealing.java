import java.io.*;
import java.math.BigInteger;
import java.security.MessageDigest;
import java.util.*;
import java.util.function.*;
import java.util.zip.*;
import org.bouncycastle.asn1.*;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;

/** How a document is sealed; what is not set is as it should be. */
final class Sealing {
    interface Change {
        byte[] of(byte[] value) throws Exception;
    }

    static final String SM3 = "1.2.156.10197.1.401", SM2_SM3 = "1.2.156.10197.1.501";
    static final String SIGNATURE = "Doc_0/Signs/Sign_0/Signature.xml", SPACE = "xmlns:ofd=\"http://www.ofdspec.org/2016\"";

    int form = 4;
    String kind = "Seal", method = SM3, digest = "SM3";
    Person maker, stamper;
    byte[] shown; // the signer's certificate in the signature
    byte[] listed; // the certificate in the list
    String listBy; // the list holds digests by this algorithm's name
    String listName; // instead of its object identifier
    String created = "20260101000000Z", from = "20260101000000Z", until = "20290101000000Z";
    String written = "20260601000000Z"; // in Signature.xml
    ASN1Encodable time; // timeInfo
    byte[] hash; // instead of the right one
    String algorithm = SM2_SM3, makerAlgorithm = SM2_SM3, signWith, makerSignWith;
    Change value = v -> v, makerValue = v -> v, wrap = v -> v;
    Change stamp, sealStamp, message; // message: SignedData instead of a seal
    ASN1Encodable extensions;
    Set<String> unlisted = new HashSet<>(); // files that the references leave out
    Consumer<Map<String, byte[]>> before = f -> {}, after = f -> {};
    boolean twice; // a second signature over the whole
    boolean otherSeal; // Seal.esl is another than the one in the signature

    static byte[] hash(String algorithm, byte[] data) throws Exception {
        return MessageDigest.getInstance(algorithm, "BC").digest(data);
    }

    static DERSequence sequence(ASN1Encodable... parts) {
        return new DERSequence(parts);
    }

    private ASN1Encodable moment(String t) {
        return form == 1 ? new DERUTCTime(t.substring(2)) : new ASN1GeneralizedTime(t);
    }

    byte[] seal() throws Exception {
        byte[] cert = listed == null ? stamper.raw : listed;
        ASN1EncodableVector property = new ASN1EncodableVector();
        property.add(new ASN1Integer(1));
        property.add(new DERUTF8String("某县行政审批局电子印章"));
        ASN1Encodable list = new DEROctetString(cert);
        if (listBy != null) {
            String oid = listName == null ? Messages.digestId(listBy).getAlgorithm().getId() : listName;
            list = sequence(new DERPrintableString(oid), new DEROctetString(hash(listBy, cert)));
        }
        if (form != 1) {
            property.add(new ASN1Integer(listBy == null ? 1 : 2));
        }
        property.add(sequence(list));
        property.add(moment(created));
        property.add(moment(from));
        property.add(moment(until));
        ASN1EncodableVector info = new ASN1EncodableVector();
        info.add(sequence(new DERIA5String("ES"), new ASN1Integer(form), new DERIA5String("VENDOR")));
        info.add(new DERIA5String("36073200000001"));
        info.add(new DERSequence(property));
        info.add(sequence(new DERIA5String("PNG"), new DEROctetString(new byte[] {1}), new ASN1Integer(40), new ASN1Integer(40)));
        if (extensions != null) {
            info.add(new DERTaggedObject(true, 0, extensions));
        }
        DERSequence body = new DERSequence(info);
        ASN1Encodable certificate = new DEROctetString(maker.raw), by = new ASN1ObjectIdentifier(makerAlgorithm);
        byte[] signed = form == 1 ? sequence(body, certificate, by).getEncoded("DER") : body.getEncoded("DER");
        DERBitString signature = new DERBitString(makerValue.of(maker.sign(makerSignWith == null ? maker.algorithm : makerSignWith, signed)));
        if (form == 1) {
            return sequence(body, sequence(certificate, by, signature)).getEncoded("DER");
        }
        if (sealStamp != null) {
            return sequence(body, certificate, by, signature,
                new DERTaggedObject(true, 0, new DERBitString(sealStamp.of(signature.getBytes())))).getEncoded("DER");
        }
        return sequence(body, certificate, by, signature).getEncoded("DER");
    }

    byte[] signed(byte[] seal, byte[] xml) throws Exception {
        ASN1Encodable cert = new DEROctetString(shown == null ? stamper.raw : shown), by = new ASN1ObjectIdentifier(algorithm);
        ASN1Encodable shownSeal = ASN1Primitive.fromByteArray(seal), path = new DERIA5String("/" + SIGNATURE);
        ASN1Encodable data = new DERBitString(hash == null ? hash(digest, xml) : hash);
        String with = signWith == null ? stamper.algorithm : signWith;
        if (form == 1) {
            ASN1Encodable at = time == null ? new DERBitString(new DERUTCTime("260601000000Z").getEncoded()) : time;
            byte[] tbs = sequence(new ASN1Integer(1), shownSeal, at, data, path, cert, by).getEncoded("DER");
            return wrap.of(sequence(ASN1Primitive.fromByteArray(tbs), new DERBitString(value.of(stamper.sign(with, tbs)))).getEncoded("DER"));
        }
        ASN1Encodable at = time == null ? new ASN1GeneralizedTime("20260601000000Z") : time;
        byte[] tbs = sequence(new ASN1Integer(form), shownSeal, at, data, path).getEncoded("DER");
        byte[] signature = value.of(stamper.sign(with, tbs));
        ASN1EncodableVector whole = new ASN1EncodableVector();
        whole.add(ASN1Primitive.fromByteArray(tbs));
        whole.add(cert);
        whole.add(by);
        whole.add(new DERBitString(signature));
        if (stamp != null) {
            whole.add(new DERTaggedObject(true, 0, new DERBitString(stamp.of(signature))));
        }
        return wrap.of(new DERSequence(whole).getEncoded("DER"));
    }

    private static byte[] utf8(String s) {
        return s.getBytes(java.nio.charset.StandardCharsets.UTF_8);
    }

    byte[] document() throws Exception {
        Map<String, byte[]> files = new LinkedHashMap<>();
        files.put("OFD.xml", utf8("<ofd:OFD " + SPACE + " Version=\"1.0\" DocType=\"OFD\"><ofd:DocBody><ofd:DocInfo><ofd:DocID>"
            + "0123456789abcdef0123456789abcdef</ofd:DocID></ofd:DocInfo><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
            + "<ofd:Signatures>Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody></ofd:OFD>"));
        files.put("Doc_0/Document.xml", utf8("<ofd:Document " + SPACE + "/>"));
        files.put("Doc_0/Pages/Page_0/Content.xml", utf8("<ofd:Page " + SPACE + "/>"));
        files.put("Doc_0/Signs/Signatures.xml", utf8("<ofd:Signatures " + SPACE + "><ofd:Signature ID=\"1\" Type=\"" + kind + "\" BaseLoc=\"/"
            + SIGNATURE + "\"/>" + (twice ? "<ofd:Signature ID=\"2\" BaseLoc=\"/Doc_0/Signs/Sign_1/Signature.xml\"/>" : "") + "</ofd:Signatures>"));
        before.accept(files);
        sign(files, SIGNATURE);
        if (twice) {
            sign(files, "Doc_0/Signs/Sign_1/Signature.xml");
        }
        after.accept(files);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(out)) {
            for (Map.Entry<String, byte[]> f : files.entrySet()) {
                ZipEntry entry = new ZipEntry(f.getKey());
                entry.setTimeLocal(java.time.LocalDateTime.of(2026, 6, 1, 0, 0));
                zip.putNextEntry(entry);
                zip.write(f.getValue());
            }
        }
        return out.toByteArray();
    }

    private void sign(Map<String, byte[]> files, String path) throws Exception {
        String folder = path.substring(0, path.lastIndexOf('/') + 1);
        byte[] seal = message == null ? seal() : null;
        if (seal != null) {
            files.put(folder + "Seal.esl", otherSeal ? seal() : seal);
        }
        StringBuilder xml = new StringBuilder("<ofd:Signature " + SPACE + "><ofd:SignedInfo><ofd:SignatureDateTime>" + written
            + "</ofd:SignatureDateTime><ofd:References CheckMethod=\"" + method + "\">");
        for (Map.Entry<String, byte[]> f : files.entrySet()) {
            if (!unlisted.contains(f.getKey())) {
                xml.append("<ofd:Reference FileRef=\"/" + f.getKey() + "\"><ofd:CheckValue>"
                    + Base64.getEncoder().encodeToString(hash(digest, f.getValue())) + "</ofd:CheckValue></ofd:Reference>");
            }
        }
        xml.append("</ofd:References>" + (seal == null ? "" : "<ofd:Seal><ofd:BaseLoc>/" + folder + "Seal.esl</ofd:BaseLoc></ofd:Seal>")
            + "</ofd:SignedInfo><ofd:SignedValue>/" + folder + "SignedValue.dat</ofd:SignedValue></ofd:Signature>");
        byte[] signature = utf8(xml.toString());
        byte[] signedValue = seal == null ? message.of(signature) : signed(seal, signature, path);
        files.put(path, signature);
        files.put(folder + "SignedValue.dat", signedValue);
    }

    private byte[] signed(byte[] seal, byte[] xml, String path) throws Exception {
        if (path.equals(SIGNATURE)) {
            return signed(seal, xml);
        }
        // The second signature is of the same form, for another place.
        byte[] tbs = sequence(new ASN1Integer(4), ASN1Primitive.fromByteArray(seal), new ASN1GeneralizedTime("20260602000000Z"),
            new DERBitString(hash(digest, xml)), new DERIA5String("/" + path)).getEncoded("DER");
        return sequence(ASN1Primitive.fromByteArray(tbs), new DEROctetString(stamper.raw), new ASN1ObjectIdentifier(SM2_SM3),
            new DERBitString(stamper.sign(tbs))).getEncoded("DER");
    }
}
