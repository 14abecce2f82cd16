// Written by fbs/generate.ts from the .fbs files; edit those.

import type { MessageLayout } from '../verify.ts';

export const _6s4t: MessageLayout = {
  identifier: "6s4t",
  root: 0,
  tables: [
    {
      name: "RunStop",
      slots: [
        {"name":"stop_time","shape":"scalar","bytes":8,"required":false},
        {"name":"run_name","shape":"string","required":false},
        {"name":"job_id","shape":"string","required":false},
        {"name":"service_id","shape":"string","required":false},
        {"name":"command_id","shape":"string","required":false},
      ],
    },
  ],
};

export const al00: MessageLayout = {
  identifier: "al00",
  root: 0,
  tables: [
    {
      name: "Alarm",
      slots: [
        {"name":"source_name","shape":"string","required":false},
        {"name":"timestamp","shape":"scalar","bytes":8,"required":false},
        {"name":"severity","shape":"scalar","bytes":2,"required":false},
        {"name":"message","shape":"string","required":false},
      ],
    },
  ],
};

export const an00: MessageLayout = {
  identifier: "an00",
  root: 0,
  tables: [
    {
      name: "Anomaly",
      slots: [
        {"name":"source_name","shape":"string","required":true},
        {"name":"message_id","shape":"scalar","bytes":8,"required":false},
        {"name":"timestamp","shape":"scalar","bytes":8,"required":false},
        {"name":"duration","shape":"scalar","bytes":8,"required":false},
        {"name":"run","shape":"scalar","bytes":4,"required":false},
        {"name":"time_frame","shape":"scalar","bytes":8,"required":false},
        {"name":"instrument","shape":"string","required":true},
        {"name":"instrument_hash","shape":"scalar","bytes":8,"required":false},
        {"name":"score_name","shape":"string","required":true},
        {"name":"score","shape":"scalar","bytes":8,"required":false},
        {"name":"p_value","shape":"scalar","bytes":8,"required":false},
        {"name":"threshold","shape":"scalar","bytes":8,"required":false},
        {"name":"verdict","shape":"scalar","bytes":2,"required":false},
        {"name":"patches","shape":"vector","bytes":8,"align":4,"required":false},
        {"name":"policy_version","shape":"scalar","bytes":4,"required":false},
        {"name":"findings","shape":"tables","table":1,"required":false},
        {"name":"p_low","shape":"scalar","bytes":8,"required":false},
        {"name":"p_high","shape":"scalar","bytes":8,"required":false},
        {"name":"scores","shape":"tables","table":3,"required":false},
      ],
    },
    {
      name: "Finding",
      slots: [
        {"name":"score_name","shape":"string","required":true},
        {"name":"score","shape":"scalar","bytes":8,"required":false},
        {"name":"from","shape":"vector","bytes":4,"align":4,"required":false},
        {"name":"to","shape":"vector","bytes":4,"align":4,"required":false},
        {"name":"channels","shape":"vector","bytes":8,"align":4,"required":false},
        {"name":"patches","shape":"vector","bytes":8,"align":4,"required":false},
      ],
    },
    {
      name: "PatchSurprise",
      slots: [
      ],
    },
    {
      name: "RatedScore",
      slots: [
        {"name":"name","shape":"string","required":true},
        {"name":"value","shape":"scalar","bytes":8,"required":false},
        {"name":"p_value","shape":"scalar","bytes":8,"required":false},
      ],
    },
    {
      name: "Share",
      slots: [
      ],
    },
  ],
};

export const answ: MessageLayout = {
  identifier: "answ",
  root: 0,
  tables: [
    {
      name: "ActionResponse",
      slots: [
        {"name":"service_id","shape":"string","required":false},
        {"name":"job_id","shape":"string","required":false},
        {"name":"action","shape":"scalar","bytes":1,"required":false},
        {"name":"outcome","shape":"scalar","bytes":1,"required":false},
        {"name":"status_code","shape":"scalar","bytes":4,"required":false},
        {"name":"stop_time","shape":"scalar","bytes":8,"required":false},
        {"name":"message","shape":"string","required":false},
        {"name":"command_id","shape":"string","required":false},
      ],
    },
  ],
};

export const da00: MessageLayout = {
  identifier: "da00",
  root: 0,
  tables: [
    {
      name: "da00_DataArray",
      slots: [
        {"name":"source_name","shape":"string","required":true},
        {"name":"timestamp","shape":"scalar","bytes":8,"required":false},
        {"name":"data","shape":"tables","table":1,"required":true},
      ],
    },
    {
      name: "da00_Variable",
      slots: [
        {"name":"name","shape":"string","required":true},
        {"name":"unit","shape":"string","required":false},
        {"name":"label","shape":"string","required":false},
        {"name":"source","shape":"string","required":false},
        {"name":"data_type","shape":"scalar","bytes":1,"required":false},
        {"name":"axes","shape":"strings","required":false},
        {"name":"shape","shape":"vector","bytes":8,"align":8,"required":true},
        {"name":"data","shape":"vector","bytes":1,"align":1,"required":true},
      ],
    },
  ],
};

export const f144: MessageLayout = {
  identifier: "f144",
  root: 20,
  tables: [
    {
      name: "ArrayByte",
      slots: [
        {"name":"value","shape":"vector","bytes":1,"align":1,"required":false},
      ],
    },
    {
      name: "ArrayDouble",
      slots: [
        {"name":"value","shape":"vector","bytes":8,"align":8,"required":false},
      ],
    },
    {
      name: "ArrayFloat",
      slots: [
        {"name":"value","shape":"vector","bytes":4,"align":4,"required":false},
      ],
    },
    {
      name: "ArrayInt",
      slots: [
        {"name":"value","shape":"vector","bytes":4,"align":4,"required":false},
      ],
    },
    {
      name: "ArrayLong",
      slots: [
        {"name":"value","shape":"vector","bytes":8,"align":8,"required":false},
      ],
    },
    {
      name: "ArrayShort",
      slots: [
        {"name":"value","shape":"vector","bytes":2,"align":2,"required":false},
      ],
    },
    {
      name: "ArrayUByte",
      slots: [
        {"name":"value","shape":"vector","bytes":1,"align":1,"required":false},
      ],
    },
    {
      name: "ArrayUInt",
      slots: [
        {"name":"value","shape":"vector","bytes":4,"align":4,"required":false},
      ],
    },
    {
      name: "ArrayULong",
      slots: [
        {"name":"value","shape":"vector","bytes":8,"align":8,"required":false},
      ],
    },
    {
      name: "ArrayUShort",
      slots: [
        {"name":"value","shape":"vector","bytes":2,"align":2,"required":false},
      ],
    },
    {
      name: "Byte",
      slots: [
        {"name":"value","shape":"scalar","bytes":1,"required":false},
      ],
    },
    {
      name: "Double",
      slots: [
        {"name":"value","shape":"scalar","bytes":8,"required":false},
      ],
    },
    {
      name: "Float",
      slots: [
        {"name":"value","shape":"scalar","bytes":4,"required":false},
      ],
    },
    {
      name: "Int",
      slots: [
        {"name":"value","shape":"scalar","bytes":4,"required":false},
      ],
    },
    {
      name: "Long",
      slots: [
        {"name":"value","shape":"scalar","bytes":8,"required":false},
      ],
    },
    {
      name: "Short",
      slots: [
        {"name":"value","shape":"scalar","bytes":2,"required":false},
      ],
    },
    {
      name: "UByte",
      slots: [
        {"name":"value","shape":"scalar","bytes":1,"required":false},
      ],
    },
    {
      name: "UInt",
      slots: [
        {"name":"value","shape":"scalar","bytes":4,"required":false},
      ],
    },
    {
      name: "ULong",
      slots: [
        {"name":"value","shape":"scalar","bytes":8,"required":false},
      ],
    },
    {
      name: "UShort",
      slots: [
        {"name":"value","shape":"scalar","bytes":2,"required":false},
      ],
    },
    {
      name: "f144_LogData",
      slots: [
        {"name":"source_name","shape":"string","required":true},
        {"name":"timestamp","shape":"scalar","bytes":8,"required":false},
        {"name":"value_type","shape":"scalar","bytes":1,"required":false},
        {"name":"value","shape":"union","tables":[-1,10,16,15,19,13,17,14,18,12,11,0,6,5,9,3,7,4,8,2,1],"required":true},
      ],
    },
  ],
};

export const pe00: MessageLayout = {
  identifier: "pe00",
  root: 2,
  tables: [
    {
      name: "CarriedPacket",
      slots: [
        {"name":"region","shape":"scalar","bytes":2,"required":false},
        {"name":"packet","shape":"vector","bytes":1,"align":1,"required":true},
        {"name":"instants","shape":"vector","bytes":1,"align":1,"required":false},
      ],
    },
    {
      name: "IdGap",
      slots: [
        {"name":"region","shape":"scalar","bytes":2,"required":false},
        {"name":"from_id","shape":"scalar","bytes":8,"required":false},
        {"name":"count","shape":"scalar","bytes":8,"required":false},
      ],
    },
    {
      name: "PartialEvent",
      slots: [
        {"name":"source_name","shape":"string","required":true},
        {"name":"message_id","shape":"scalar","bytes":8,"required":false},
        {"name":"timestamp","shape":"scalar","bytes":8,"required":false},
        {"name":"duration","shape":"scalar","bytes":8,"required":false},
        {"name":"run","shape":"scalar","bytes":4,"required":false},
        {"name":"time_frame","shape":"scalar","bytes":8,"required":false},
        {"name":"instrument","shape":"string","required":true},
        {"name":"instrument_hash","shape":"scalar","bytes":8,"required":false},
        {"name":"revision","shape":"scalar","bytes":2,"required":false},
        {"name":"part","shape":"scalar","bytes":2,"required":false},
        {"name":"part_count","shape":"scalar","bytes":2,"required":false},
        {"name":"reason","shape":"scalar","bytes":2,"required":false},
        {"name":"region_count","shape":"scalar","bytes":2,"required":false},
        {"name":"present","shape":"vector","bytes":1,"align":1,"required":false},
        {"name":"gaps","shape":"tables","table":1,"required":false},
        {"name":"packets","shape":"tables","table":0,"required":false},
        {"name":"event_tokens","shape":"vector","bytes":2,"align":2,"required":false},
        {"name":"event_model","shape":"string","required":false},
        {"name":"event_model_hash","shape":"scalar","bytes":8,"required":false},
      ],
    },
  ],
};

export const pl72: MessageLayout = {
  identifier: "pl72",
  root: 0,
  tables: [
    {
      name: "RunStart",
      slots: [
        {"name":"start_time","shape":"scalar","bytes":8,"required":false},
        {"name":"stop_time","shape":"scalar","bytes":8,"required":false},
        {"name":"run_name","shape":"string","required":false},
        {"name":"instrument_name","shape":"string","required":false},
        {"name":"nexus_structure","shape":"string","required":false},
        {"name":"job_id","shape":"string","required":false},
        {"name":"broker","shape":"string","required":false},
        {"name":"service_id","shape":"string","required":false},
        {"name":"filename","shape":"string","required":false},
        {"name":"n_periods","shape":"scalar","bytes":4,"required":false},
        {"name":"detector_spectrum_map","shape":"table","table":1,"required":false},
        {"name":"metadata","shape":"string","required":false},
        {"name":"control_topic","shape":"string","required":false},
      ],
    },
    {
      name: "SpectraDetectorMapping",
      slots: [
        {"name":"spectrum","shape":"vector","bytes":4,"align":4,"required":false},
        {"name":"detector_id","shape":"vector","bytes":4,"align":4,"required":false},
        {"name":"n_spectra","shape":"scalar","bytes":4,"required":false},
      ],
    },
  ],
};

export const tf00: MessageLayout = {
  identifier: "tf00",
  root: 0,
  tables: [
    {
      name: "TimeFrame",
      slots: [
        {"name":"source_name","shape":"string","required":true},
        {"name":"message_id","shape":"scalar","bytes":8,"required":false},
        {"name":"timestamp","shape":"scalar","bytes":8,"required":false},
        {"name":"duration","shape":"scalar","bytes":8,"required":false},
        {"name":"run","shape":"scalar","bytes":4,"required":false},
        {"name":"time_frame","shape":"scalar","bytes":8,"required":false},
        {"name":"instrument","shape":"string","required":true},
        {"name":"instrument_hash","shape":"scalar","bytes":8,"required":false},
        {"name":"kind","shape":"scalar","bytes":2,"required":false},
        {"name":"encoding","shape":"scalar","bytes":2,"required":false},
        {"name":"hit_count","shape":"scalar","bytes":4,"required":false},
        {"name":"payload","shape":"vector","bytes":1,"align":1,"required":true},
        {"name":"payload_crc32c","shape":"scalar","bytes":4,"required":false},
      ],
    },
  ],
};

export const tk00: MessageLayout = {
  identifier: "tk00",
  root: 1,
  tables: [
    {
      name: "Layer",
      slots: [
        {"name":"kind","shape":"scalar","bytes":2,"required":false},
        {"name":"codec","shape":"scalar","bytes":2,"required":false},
        {"name":"symbol_count","shape":"scalar","bytes":4,"required":false},
        {"name":"payload","shape":"vector","bytes":1,"align":1,"required":true},
        {"name":"payload_crc32c","shape":"scalar","bytes":4,"required":false},
      ],
    },
    {
      name: "Packet",
      slots: [
        {"name":"source_name","shape":"string","required":true},
        {"name":"message_id","shape":"scalar","bytes":8,"required":false},
        {"name":"timestamp","shape":"scalar","bytes":8,"required":false},
        {"name":"duration","shape":"scalar","bytes":8,"required":false},
        {"name":"run","shape":"scalar","bytes":4,"required":false},
        {"name":"time_frame","shape":"scalar","bytes":8,"required":false},
        {"name":"instrument","shape":"string","required":true},
        {"name":"instrument_hash","shape":"scalar","bytes":8,"required":false},
        {"name":"model","shape":"string","required":true},
        {"name":"model_hash","shape":"scalar","bytes":8,"required":false},
        {"name":"hit_count","shape":"scalar","bytes":4,"required":false},
        {"name":"raw_byte_count","shape":"scalar","bytes":4,"required":false},
        {"name":"layers","shape":"tables","table":0,"required":true},
        {"name":"scores","shape":"tables","table":2,"required":true},
        {"name":"p_value","shape":"scalar","bytes":8,"required":false},
        {"name":"policy_version","shape":"scalar","bytes":4,"required":false},
        {"name":"reason","shape":"scalar","bytes":2,"required":false},
      ],
    },
    {
      name: "Score",
      slots: [
        {"name":"name","shape":"string","required":true},
        {"name":"value","shape":"scalar","bytes":8,"required":false},
      ],
    },
  ],
};

export const wrdn: MessageLayout = {
  identifier: "wrdn",
  root: 0,
  tables: [
    {
      name: "FinishedWriting",
      slots: [
        {"name":"service_id","shape":"string","required":false},
        {"name":"job_id","shape":"string","required":false},
        {"name":"error_encountered","shape":"scalar","bytes":1,"required":false},
        {"name":"file_name","shape":"string","required":false},
        {"name":"metadata","shape":"string","required":false},
        {"name":"message","shape":"string","required":false},
      ],
    },
  ],
};

export const x5f2: MessageLayout = {
  identifier: "x5f2",
  root: 0,
  tables: [
    {
      name: "Status",
      slots: [
        {"name":"software_name","shape":"string","required":false},
        {"name":"software_version","shape":"string","required":false},
        {"name":"service_id","shape":"string","required":false},
        {"name":"host_name","shape":"string","required":false},
        {"name":"process_id","shape":"scalar","bytes":4,"required":false},
        {"name":"update_interval","shape":"scalar","bytes":4,"required":false},
        {"name":"status_json","shape":"string","required":false},
      ],
    },
  ],
};
