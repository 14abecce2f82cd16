/**
 * The contracts as descriptors, one serialized FileDescriptorProto a file: what gRPC reflection hands out. It
 * refuses to know what is in them.
 */

import { BinaryReader } from '@bufbuild/protobuf/wire';
import { descriptorSet } from './generated/descriptors.ts';

/** Field 1 of a FileDescriptorSet, length-delimited: one file. */
const fileTag = (1 << 3) | 2;

export const fileDescriptors = (): Buffer[] => {
  const reader = new BinaryReader(descriptorSet);
  const files: Buffer[] = [];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag !== fileTag) throw new Error(`descriptors.ts holds tag ${tag}; run proto/generate.ts`);
    files.push(Buffer.from(reader.bytes()));
  }
  return files;
};
