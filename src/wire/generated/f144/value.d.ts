import { ArrayByte } from './array-byte.js';
import { ArrayDouble } from './array-double.js';
import { ArrayFloat } from './array-float.js';
import { ArrayInt } from './array-int.js';
import { ArrayLong } from './array-long.js';
import { ArrayShort } from './array-short.js';
import { ArrayUByte } from './array-ubyte.js';
import { ArrayUInt } from './array-uint.js';
import { ArrayULong } from './array-ulong.js';
import { ArrayUShort } from './array-ushort.js';
import { Byte } from './byte.js';
import { Double } from './double.js';
import { Float } from './float.js';
import { Int } from './int.js';
import { Long } from './long.js';
import { Short } from './short.js';
import { UByte } from './ubyte.js';
import { UInt } from './uint.js';
import { ULong } from './ulong.js';
import { UShort } from './ushort.js';
export declare enum Value {
    NONE = 0,
    Byte = 1,
    UByte = 2,
    Short = 3,
    UShort = 4,
    Int = 5,
    UInt = 6,
    Long = 7,
    ULong = 8,
    Float = 9,
    Double = 10,
    ArrayByte = 11,
    ArrayUByte = 12,
    ArrayShort = 13,
    ArrayUShort = 14,
    ArrayInt = 15,
    ArrayUInt = 16,
    ArrayLong = 17,
    ArrayULong = 18,
    ArrayFloat = 19,
    ArrayDouble = 20
}
export declare function unionToValue(type: Value, accessor: (obj: ArrayByte | ArrayDouble | ArrayFloat | ArrayInt | ArrayLong | ArrayShort | ArrayUByte | ArrayUInt | ArrayULong | ArrayUShort | Byte | Double | Float | Int | Long | Short | UByte | UInt | ULong | UShort) => ArrayByte | ArrayDouble | ArrayFloat | ArrayInt | ArrayLong | ArrayShort | ArrayUByte | ArrayUInt | ArrayULong | ArrayUShort | Byte | Double | Float | Int | Long | Short | UByte | UInt | ULong | UShort | null): ArrayByte | ArrayDouble | ArrayFloat | ArrayInt | ArrayLong | ArrayShort | ArrayUByte | ArrayUInt | ArrayULong | ArrayUShort | Byte | Double | Float | Int | Long | Short | UByte | UInt | ULong | UShort | null;
export declare function unionListToValue(type: Value, accessor: (index: number, obj: ArrayByte | ArrayDouble | ArrayFloat | ArrayInt | ArrayLong | ArrayShort | ArrayUByte | ArrayUInt | ArrayULong | ArrayUShort | Byte | Double | Float | Int | Long | Short | UByte | UInt | ULong | UShort) => ArrayByte | ArrayDouble | ArrayFloat | ArrayInt | ArrayLong | ArrayShort | ArrayUByte | ArrayUInt | ArrayULong | ArrayUShort | Byte | Double | Float | Int | Long | Short | UByte | UInt | ULong | UShort | null, index: number): ArrayByte | ArrayDouble | ArrayFloat | ArrayInt | ArrayLong | ArrayShort | ArrayUByte | ArrayUInt | ArrayULong | ArrayUShort | Byte | Double | Float | Int | Long | Short | UByte | UInt | ULong | UShort | null;
