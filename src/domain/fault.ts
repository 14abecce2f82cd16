/**
 * The closed list of what can be wrong, with who must act: `item` (this frame is refused, the next goes on),
 * `world` (a system we need failed; `retryable` says whether trying again may help), `use` (the person gave
 * something wrong). Our own bugs are not here: they throw a plain Error and end the process.
 */

export const faultList = {
  'frame-empty': ['item', 'the message has no bytes'],
  'frame-oversize': ['item', 'the message is larger than the instrument allows'],
  'frame-unreadable': ['item', 'the batch it came in cannot be opened: its compression, or its bytes'],
  'frame-schema': ['item', 'the message does not carry the tf00 identifier'],
  'frame-malformed': ['item', 'an offset, length or table of the message leads outside it'],
  'frame-crc': ['item', 'the payload does not match its crc32c'],
  'frame-instrument': ['item', 'the instrument or its card hash is not the one served here'],
  'frame-source': ['item', 'the source is not a region of the instrument'],
  'frame-kind': ['item', 'the kind or encoding of the frame is not served here'],
  'frame-count': ['item', 'the hit count does not fit the payload or the grid'],
  'frame-order': ['item', 'hits are not strictly ascending: unsorted or repeated'],
  'frame-range': ['item', 'a coordinate or ADC value is outside the instrument'],
  'frame-field': ['item', 'a field is outside its allowed range'],
  'frame-stale': ['item', "the frame is older than its partition's watermark allows"],
  'frame-future': ['item', "the frame is further ahead of its partition's watermark than allowed"],
  'frame-duplicate': ['item', 'the message_id was already seen from this source'],
  'packet-malformed': ['item', 'an offset, length or table of the packet leads outside it'],
  'packet-schema': ['item', 'the message does not carry the tk00 identifier'],
  'packet-crc': ['item', 'a layer does not match its crc32c'],
  'packet-field': ['item', 'a field of the packet is outside its allowed range'],
  'packet-layer': ['item', 'a layer cannot be decoded'],
  'packet-model': ['item', 'the packet names another model or table than the one given'],
  'packet-instrument': ['item', 'the packet is of another instrument, card or region than those served here'],
  'packet-duplicate': ['item', 'its region has a packet in this time frame already'],
  'packet-stale': ['item', 'its time frame lies before those that are remembered'],
  'message-schema': ['item', 'the message does not carry the identifier expected on its topic'],
  'message-malformed': ['item', 'an offset, length or table of the message leads outside it'],
  'message-field': ['item', 'a field of the message is outside its allowed range'],
  'bus-unreachable': ['world', 'no Kafka broker answers'],
  'bus-fenced': ['world', 'another owner took this partition'],
  'bus-failed': ['world', 'the bus refused an operation'],
  'bus-record': ['item', 'the record does not fit the topic'],
  'kafka-setup': ['world', 'the local Kafka broker could not be set up'],
  'model-load': ['world', 'a model could not be loaded'],
  'model-provider': ['use', 'the execution provider asked for is not available'],
  'model-run': ['world', 'a model failed while running'],
  'lane-failed': ['world', 'a worker thread died'],
  'card-invalid': ['use', 'a card does not pass its checks'],
  'config-invalid': ['use', 'the configuration is wrong'],
  'file-invalid': ['use', 'a file cannot be read as what it is said to be'],
  'port-taken': ['world', 'no free port could be found'],
  'request-invalid': ['use', 'a request asks for what does not exist or contradicts itself'],
  'store-full': ['world', "there is no room in the archive's store"],
  'store-failed': ['world', "the archive's store cannot be reached, or refused"],
  'monitor-unreachable': ['world', 'no monitor answers at the address given'],
  'gateway-full': ['world', 'as many clients as one gateway serves are connected'],
  'gateway-draining': ['world', 'the gateway is shutting down'],
} as const satisfies Record<string, readonly ['item' | 'world' | 'use', string]>;

export type FaultCode = keyof typeof faultList;
export const faultCodes = Object.keys(faultList) as FaultCode[];

/** Thrown for `world` and `use`; for `item` it is a value inside an Outcome, or thrown within one codec. */
export class Fault extends Error {
  readonly code: FaultCode;
  /** What, where and the mend, in one or two sentences. */
  readonly detail: string;
  readonly retryable: boolean;

  constructor(code: FaultCode, detail: string, options: { cause?: unknown; retryable?: boolean } = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.code = code;
    this.detail = detail;
    this.retryable = options.retryable ?? false;
  }
}
