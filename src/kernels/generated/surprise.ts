// Written by wasm/generate.ts from wasm/surprise.as; edit that, and run it again.
export const wasmBase64 =
  'AGFzbQEAAAABCwFgBn9/f39/fwF8Ag8BA2VudgZtZW1vcnkCAAADAgEABxUCCHN1cnByaXNlAAAGbWVtb3J5AgAKvgEBuwECBX8B' +
  'fgNAIAEgCkoEQCADIAAtAABBA3RqIgYoAgAhByAGKAIEIQYgAEEBaiEIQQAhCQNAIAQgCUoEQCAHIAYgCCgCACIHQRR2QfAfcWoo' +
  'AgwgBiAHQQx2QfAfcWooAgggBiAHQf8BcUEEdGooAgAgBiAHQQR2QfAfcWooAgRqampqIQcgBSAGaiEGIAhBBGohCCAJQQFqIQkM' +
  'AQsLIAsgB6x8IQsgACACaiEAIApBAWohCgwBCwsgC7kL';
