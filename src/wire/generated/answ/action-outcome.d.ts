export declare enum ActionOutcome {
    Success = 0,
    Failure = 1
}
