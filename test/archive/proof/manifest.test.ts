/** The manifest and its signature: no bit of either can change unseen, and the tree is RFC 6962's. */

import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeManifest,
  encodeManifest,
  type Manifest,
  manifestOf,
} from '../../../src/archive/proof/manifest.ts';
import { merkleRoot } from '../../../src/archive/proof/merkle.ts';
import { checkSignature, openSigner, publicKeyOf } from '../../../src/wire/files/ed25519.ts';

const sha = (...parts: Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

const manifest = (names: readonly string[]): Manifest =>
  manifestOf(
    {
      layout: 1,
      tree: 'rfc6962-sha256',
      run: 3,
      instrument: 'i',
      instrumentHash: '00',
      version: '0.1.0',
      closedMs: 5,
      counts: {
        segments: 1,
        events: 2,
        packets: 3,
        kept: 3,
        shed: 0,
        packetBytes: 9,
        unreadable: 0,
        fileBytes: 4,
      },
      streams: [{ topic: 't', partition: 0, first: '0', next: '7' }],
    },
    names.map((name) => ({
      name,
      byteCount: 4,
      sha256: sha(Buffer.from(name)).toString('hex'),
      groups: [{ fromByte: 0, toByte: 4, crc32c: 1, rowCount: 2, timeFrames: [1, 2] }],
    })),
  );

const pairs = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    secret: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    open: publicKey.export({ type: 'spki', format: 'pem' }) as string,
  };
};

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const changed = bytes.slice();
  changed[bit >> 3]! ^= 1 << (bit & 7);
  return changed;
};

describe('the tree of hashes', () => {
  it('is that of RFC 6962 for one, two and three leaves', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
    const leaf = (entry: Buffer) => sha(Buffer.of(0), entry);
    const node = (left: Buffer, right: Buffer) => sha(Buffer.of(1), left, right);
    expect(merkleRoot([a])).toBe(leaf(a).toString('hex'));
    expect(merkleRoot([a, b])).toBe(node(leaf(a), leaf(b)).toString('hex'));
    expect(merkleRoot([a, b, c])).toBe(node(node(leaf(a), leaf(b)), leaf(c)).toString('hex'));
  });

  it('tells lists of entries apart', () => {
    const lists = fc.array(fc.uint8Array({ maxLength: 3 }), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(lists, lists, (one, other) => {
        const equal = JSON.stringify(one.map(String)) === JSON.stringify(other.map(String));
        expect(merkleRoot(one) === merkleRoot(other)).toBe(equal);
      }),
    );
  });
});

describe('the manifest', () => {
  it('comes back, whatever order the files came in', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { maxLength: 8 }), (names) => {
        const bytes = encodeManifest(manifest(names));
        expect(encodeManifest(manifest([...names].reverse()))).toEqual(bytes);
        expect(decodeManifest(bytes, 'm').files).toHaveLength(names.length);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses flipped bits', () => {
    const bytes = encodeManifest(manifest(['run=3/data/x.parquet', 'run=3/seals/y.json']));
    for (let bit = 0; bit < bytes.length * 8; bit += 5)
      expect(() => decodeManifest(flipped(bytes, bit), 'm'), `bit ${bit}`).toThrow(/file-invalid/);
  });
});

describe('the signature', () => {
  it('is of the bytes and the key, and of nothing else', () => {
    const [own, other] = [pairs(), pairs()];
    const bytes = encodeManifest(manifest(['a']));
    const signer = openSigner(own.secret);
    const signature = signer.sign(bytes);
    expect(checkSignature(bytes, signature, 's')).toBe(signer.keyName);
    expect(checkSignature(bytes, signature, 's', publicKeyOf(own.open))).toBe(signer.keyName);
    expect(() => checkSignature(bytes, signature, 's', publicKeyOf(other.open))).toThrow(/that is trusted/);
    expect(() => checkSignature(flipped(bytes, 9), signature, 's')).toThrow(/does not sign/);
    for (let bit = 0; bit < signature.length * 8; bit += 5)
      expect(() => checkSignature(bytes, flipped(signature, bit), 's'), `bit ${bit}`).toThrow(/file-invalid/);
  });

  it('refuses keys that are none, or of another kind', () => {
    expect(() => openSigner('no key')).toThrow(/config-invalid/);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => openSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string)).toThrow(
      /ed25519/,
    );
  });
});
