export declare enum ActionType {
    StartJob = 0,
    SetStopTime = 1
}
