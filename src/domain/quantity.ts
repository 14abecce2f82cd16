/**
 * The quantities that flow through tessera, as distinct types: an instant is not a duration and a run is not
 * a time frame. Refuses nothing: values are checked once at the door (`wire`) and trusted inside.
 */

declare const brand: unique symbol;
type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Nanoseconds since the Unix epoch (the neutron facilities' convention). */
export type EpochNanos = Brand<bigint, 'EpochNanos'>;
/** A length of time in nanoseconds. */
export type DurationNanos = Brand<bigint, 'DurationNanos'>;
/** Run number, 0 … 2³²−1. */
export type Run = Brand<number, 'Run'>;
/** Number of a time frame within its run, 0 … 2⁵³−1. */
export type TimeFrameNumber = Brand<number, 'TimeFrameNumber'>;
/** Consecutive per (source, partition), 0 … 2⁵³−1: a gap means a loss. */
export type MessageId = Brand<number, 'MessageId'>;
/** Index of a region in the instrument card's list of regions. */
export type RegionIndex = Brand<number, 'RegionIndex'>;
/** First eight bytes of the SHA-256 of a card's canonical JSON, as 16 lower-case hex digits. */
export type CardHash = Brand<string, 'CardHash'>;
/** Version of a policy snapshot, counted up by the one calibrator; 0 is the built-in first policy. */
export type PolicyVersion = Brand<number, 'PolicyVersion'>;

export const epochNanos = (value: bigint): EpochNanos => value as EpochNanos;
export const durationNanos = (value: bigint): DurationNanos => value as DurationNanos;
export const run = (value: number): Run => value as Run;
export const timeFrameNumber = (value: number): TimeFrameNumber => value as TimeFrameNumber;
export const messageId = (value: number): MessageId => value as MessageId;
export const regionIndex = (value: number): RegionIndex => value as RegionIndex;
export const cardHash = (value: string): CardHash => value as CardHash;
export const policyVersion = (value: number): PolicyVersion => value as PolicyVersion;
