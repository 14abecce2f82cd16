export declare enum Severity {
    OK = 0,
    MINOR = 1,
    MAJOR = 2,
    INVALID = 3
}
