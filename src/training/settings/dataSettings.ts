import type { Setting } from "./setting.ts";

/** What is at the top of a configuration file: how a run is carried out, which never shows in its result. */
export const RUN_SETTINGS: readonly Setting[] = [
  {
    section: "run",
    key: "out",
    fields: [],
    type: { kind: "path" },
    nullMeans: "runs/<corpus>-<n>",
    description: "where a new run goes",
    placeholder: "directory",
    joeynmt: "model_dir",
    fairseq: "save_dir",
  },
  {
    section: "run",
    key: "threads",
    fields: [],
    type: { kind: "number", whole: true, from: 1, to: 256 },
    nullMeans: "one a core",
    description: "threads to compute on; results do not depend on it",
  },
];

/** Where the sentence pairs are. */
export const DATA_SETTINGS: readonly Setting[] = [
  {
    section: "data",
    key: "train",
    fields: ["train"],
    type: { kind: "path" },
    description: "training pairs: a .tsv of two columns, or a prefix of two files",
    usual: "the bundled corpus",
    joeynmt: "train",
    fairseq: "trainpref",
  },
  {
    section: "data",
    key: "valid",
    fields: ["valid"],
    type: { kind: "path" },
    nullMeans: "none",
    description: "pairs to choose the best model by",
    joeynmt: "dev",
    fairseq: "validpref",
  },
  {
    section: "data",
    key: "test",
    fields: ["test"],
    type: { kind: "path" },
    nullMeans: "none",
    description: "held-out pairs to measure the best model on at the end",
    joeynmt: "test",
    fairseq: "testpref",
  },
  {
    section: "data",
    key: "source_lang",
    fields: ["sourceLanguage"],
    type: { kind: "text" },
    description: "language of the source: its file ending and the rules for its words",
    placeholder: "tag",
    usual: "none",
    joeynmt: "src.lang",
    fairseq: "source_lang",
  },
  {
    section: "data",
    key: "target_lang",
    fields: ["targetLanguage"],
    type: { kind: "text" },
    description: "language of the target",
    placeholder: "tag",
    usual: "none",
    joeynmt: "trg.lang",
    fairseq: "target_lang",
  },
];
