/**
 * Signatures of files by Ed25519 (RFC 8032) over the file's very bytes, with the public key beside them. A signature
 * proves that whoever holds the key saw the file; whose key it is, the reader must know. Refuses other kinds of keys.
 */

import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { Fault } from '../../domain/fault.ts';
import { sha256Of } from './sha256.ts';

const schema = z.object({
  algorithm: z.literal('ed25519'),
  /** SHA-256 of the signed bytes. */
  sha256: z.string(),
  /** SubjectPublicKeyInfo, DER in base64. */
  publicKey: z.string(),
  /** Base64. */
  signature: z.string(),
});

const spki = (key: KeyObject): string => key.export({ type: 'spki', format: 'der' }).toString('base64');

/** A short name of a public key: the first 16 hex digits of its SHA-256. */
const keyName = (publicKey: string): string => sha256Of([Buffer.from(publicKey, 'base64')]).slice(0, 16);

const ed25519 = (key: KeyObject): KeyObject => {
  if (key.asymmetricKeyType !== 'ed25519')
    throw new Fault(
      'config-invalid',
      `the key is of kind ${key.asymmetricKeyType}, not ed25519; make one with: openssl genpkey -algorithm ed25519`,
    );
  return key;
};

const opened = (open: () => KeyObject, what: string): KeyObject => {
  try {
    return ed25519(open());
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    throw new Fault('config-invalid', `${what} is no key in PEM (${(cause as Error).message})`, { cause });
  }
};

export interface Signer {
  readonly keyName: string;
  /** The signature file of these bytes. */
  sign(bytes: Uint8Array): Uint8Array;
}

/** @param pem a private key (PKCS #8) */
export const openSigner = (pem: string): Signer => {
  const key = opened(() => createPrivateKey(pem), 'the signing key');
  const publicKey = spki(createPublicKey(key));
  return {
    keyName: keyName(publicKey),
    sign(bytes) {
      const said = {
        algorithm: 'ed25519',
        sha256: sha256Of([bytes]),
        publicKey,
        signature: sign(null, bytes, key).toString('base64'),
      };
      return new TextEncoder().encode(`${JSON.stringify(said, null, 1)}\n`);
    },
  };
};

/** @param pem a public key, or a private one whose public part is meant */
export const publicKeyOf = (pem: string): string =>
  spki(opened(() => createPublicKey(pem), 'the public key'));

/**
 * The name of the key that signed `bytes`. Throws file-invalid when the signature file is not one, or not of these
 * bytes, or by another key than `trusted`.
 */
export const checkSignature = (
  bytes: Uint8Array,
  signature: Uint8Array,
  file: string,
  trusted?: string,
): string => {
  const wrong = (what: string): Fault => new Fault('file-invalid', `${file}: ${what}`);
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(signature);
    const said = schema.parse(JSON.parse(text));
    if (`${JSON.stringify(said, null, 1)}\n` !== text)
      throw wrong('it is not written as it would be; it was changed');
    const der = Buffer.from(said.publicKey, 'base64');
    const key = ed25519(createPublicKey({ key: der, format: 'der', type: 'spki' }));
    const bytesOfSignature = Buffer.from(said.signature, 'base64');
    // Base64 and DER can both be written in more ways than one.
    const canonical = spki(key) === said.publicKey && bytesOfSignature.toString('base64') === said.signature;
    if (!canonical || said.sha256 !== sha256Of([bytes]) || !verify(null, bytes, key, bytesOfSignature))
      throw wrong('it does not sign these bytes; one of both was changed');
    if (trusted !== undefined && trusted !== said.publicKey)
      throw wrong(
        `it was signed by key ${keyName(said.publicKey)}, not by ${keyName(trusted)} that is trusted`,
      );
    return keyName(said.publicKey);
  } catch (cause) {
    if (cause instanceof Fault && cause.code === 'file-invalid') throw cause;
    throw wrong(`it is no signature (${(cause as Error).message})`);
  }
};
