// Verifies one SM2 signature with an implementation that shares no code with
// ours. Arguments: public key (04‖x‖y), message and signature, in hexadecimal;
// "der" as the fourth for ASN.1 signatures. Prints true or false.
const { sm2 } = require('sm-crypto-v2');
const [pub, message, signature, form] = process.argv.slice(2);
const bytes = Uint8Array.from(Buffer.from(message, 'hex'));
const ok = sm2.doVerifySignature(bytes, signature, pub, { hash: true, der: form === 'der', userId: '1234567812345678' });
console.log(ok === true);
