import type { CurveName } from "../../../report/runs.ts";

/** Everything that the interface says; other languages have the same entries. */
export interface Texts {
  readonly language: string;
  readonly title: (from: string, to: string) => string;
  readonly facts: (parameters: string, steps: string, kernels: string) => string;
  readonly theme: string;
  readonly sentence: string;
  readonly translation: string;
  readonly took: (milliseconds: string) => string;
  readonly unknown: (count: number) => string;
  readonly nothing: string;
  readonly failed: (what: string) => string;
  readonly views: Readonly<Record<ViewName, { readonly name: string; readonly about: string }>>;
  readonly tokens: {
    readonly source: string;
    readonly target: string;
    readonly token: string;
    readonly id: string;
    readonly row: (size: number) => string;
    readonly product: (id: number, vocabulary: string, dModel: number) => string;
    readonly neighbours: (token: string) => string;
    readonly map: string;
    readonly scaled: (factor: string) => string;
    readonly positions: string;
    readonly position: string;
    readonly dimension: string;
    readonly sum: string;
  };
  readonly stacks: {
    readonly encoder: string;
    readonly decoder: string;
    readonly layer: (number: number) => string;
    readonly parameters: (count: string) => string;
    readonly parts: Readonly<Record<PartName, string>>;
    readonly choose: string;
    readonly head: (number: number) => string;
    readonly allHeads: string;
    readonly queries: string;
    readonly keys: string;
    readonly values: string;
    readonly scores: (dHead: number) => string;
    readonly mask: string;
    readonly weights: string;
    readonly mixed: string;
    readonly joined: (heads: number) => string;
    readonly projected: string;
    readonly residual: { readonly post: string; readonly pre: string; readonly none: string };
    readonly normalised: string;
    readonly inner: (activation: string) => string;
    readonly outer: string;
    readonly from: string;
  };
  readonly attention: {
    readonly kind: string;
    readonly kinds: { readonly encoder: string; readonly decoder: string; readonly cross: string };
    readonly layer: string;
    readonly head: string;
    readonly mean: string;
    readonly shapes: { readonly matrix: string; readonly lines: string; readonly board: string };
    readonly looks: (token: string) => string;
  };
  readonly decoding: {
    readonly step: string;
    readonly takes: string;
    readonly candidates: string;
    readonly looked: string;
    readonly cache: (tokens: number, numbers: string) => string;
    readonly choose: string;
    readonly own: string;
    readonly beam: string;
    readonly beamSize: string;
    readonly lengthPenalty: string;
    readonly fates: Readonly<Record<"kept" | "ended" | "pruned" | "hopeless" | "best", string>>;
    readonly found: string;
  };
  readonly training: {
    readonly target: string;
    readonly about: string;
    readonly reads: string;
    readonly says: string;
    readonly would: string;
    readonly probability: string;
    readonly loss: string;
    readonly mean: string;
    readonly smoothing: string;
    readonly gradients: string;
    readonly parameter: string;
    readonly norm: string;
  };
  readonly tour: {
    readonly begin: string;
    readonly next: string;
    readonly back: string;
    readonly end: string;
    readonly step: (number: number, of: number) => string;
    readonly steps: readonly { readonly view: ViewName; readonly title: string; readonly text: string }[];
  };
  readonly playground: {
    readonly title: string;
    readonly about: string;
    readonly task: string;
    readonly tasks: Readonly<Record<"reverse" | "copy" | "sort" | "dates" | "zh-en", string>>;
    readonly anew: string;
    readonly sizes: Readonly<
      Record<"dModel" | "nHeads" | "dFF" | "nEncoderLayers" | "nDecoderLayers", string>
    >;
    readonly meanwhile: string;
    readonly changes: Readonly<Record<"learningRate" | "dropout" | "labelSmoothing" | "batchTokens", string>>;
    readonly play: string;
    readonly pause: string;
    readonly step: string;
    readonly again: string;
    readonly take: string;
    readonly explore: string;
    readonly drop: string;
    readonly back: string;
    readonly loss: string;
    readonly validationLoss: string;
    readonly exactMatch: string;
    readonly facts: (pairs: string, parameters: string, kernels: string, threads: number) => string;
    readonly now: (step: string, loss: string, exact: string, speed: string) => string;
    readonly source: string;
    readonly target: string;
    readonly model: string;
    readonly attention: (step: string) => string;
    readonly finished: string;
  };
  readonly report: {
    readonly title: (run: string) => string;
    readonly several: (runs: number) => string;
    readonly contents: string;
    readonly sections: Readonly<Record<ReportSection, string>>;
    readonly parameters: (count: string) => string;
    readonly steps: (count: string) => string;
    readonly bestStep: (step: string) => string;
    readonly run: string;
    readonly step: string;
    readonly curves: Readonly<Record<CurveName, string>>;
    /** Charts of several curves. */
    readonly together: { readonly loss: string; readonly scores: string };
    readonly noCurves: string;
    /** Columns of tables and names of scores, where they are not the same in every language. */
    readonly columns: Readonly<Record<string, string>>;
    readonly source: string;
    readonly target: string;
    readonly reference: string;
    readonly translation: string;
    readonly samplesAbout: string;
    readonly noSamples: string;
    readonly atStep: (step: string) => string;
    readonly fromStep: (from: string, to: string) => string;
    /** What held-out pairs are for. */
    readonly parts: Readonly<Record<string, string>>;
    readonly heldOutAbout: (pairs: string, from: string) => string;
    readonly noHeldOut: string;
    readonly ranked: string;
    readonly worst: string;
    readonly best: string;
    readonly allRight: string;
    readonly pairs: (pairs: string) => string;
    readonly counted: (pairs: string) => string;
    readonly noCorpus: string;
    readonly side: {
      readonly tokenizer: string;
      readonly lowercase: string;
      readonly vocabulary: string;
      readonly rare: (times: number) => string;
      readonly tokens: string;
      readonly unknown: string;
      readonly lengths: string;
      readonly median: string;
      readonly longLines: (side: string) => string;
      readonly frequent: string;
    };
    readonly comparison: {
      readonly about: (baseline: string, pairs: string, from: string, below: number) => string;
      readonly metric: string;
      readonly score: string;
      readonly interval: string;
      readonly baseline: string;
      readonly difference: string;
      readonly bootstrap: string;
      readonly randomisation: string;
      readonly verdict: string;
      readonly verdicts: Readonly<Record<"better" | "worse" | "chance", string>>;
    };
  };
  readonly matrix: {
    readonly numbers: string;
    readonly help: string;
  };
}

/** The parts of a report. */
export type ReportSection =
  | "comparison"
  | "table"
  | "scores"
  | "curves"
  | "samples"
  | "sentences"
  | "corpus"
  | "settings"
  | "explorer";

/** The views of the page, in their order. */
export const VIEWS = ["tokens", "stacks", "attention", "decoding", "training"] as const;
export type ViewName = (typeof VIEWS)[number];

/** The parts of a layer that can be opened. */
export type PartName =
  | "selfAttention"
  | "maskedAttention"
  | "crossAttention"
  | "feedForward"
  | "input"
  | "output";

export const english: Texts = {
  language: "English",
  title: (from, to) => `A Transformer from ${from} to ${to}`,
  facts: (parameters, steps, kernels) =>
    `${parameters} parameters, ${steps} steps of training, ${kernels} SIMD`,
  theme: "Light or dark",
  sentence: "Sentence",
  translation: "Translation",
  took: (milliseconds) => `${milliseconds} ms`,
  unknown: (count) =>
    `${count === 1 ? "1 token is" : `${count} tokens are`} unknown to the model: it reads <unk>.`,
  nothing: "Type a sentence above.",
  failed: (what) => `This did not work: ${what}`,
  views: {
    tokens: { name: "Embedding", about: "What goes in: tokens, their vectors, and where they stand." },
    stacks: {
      name: "The model",
      about:
        "Figure 1 of the paper, with this model's sizes. Open a part to see what it computes for your sentence.",
    },
    attention: { name: "Attention", about: "What each token looks at: every layer and head." },
    decoding: { name: "Decoding", about: "From BEGIN to END, one token at a time." },
    training: { name: "Training", about: "What the model would learn from a pair." },
  },
  tokens: {
    source: "Source, as the encoder reads it",
    target: "Target, as the decoder reads it",
    token: "token",
    id: "id",
    row: (size) => `embedding: ${size} numbers`,
    product: (id, vocabulary, dModel) =>
      `A one-hot vector with its 1 at ${id} of ${vocabulary}, times the table [${vocabulary}, ${dModel}], is row ${id}.`,
    neighbours: (token) => `Tokens whose embeddings point in directions like that of “${token}”`,
    map: "The embeddings of the most frequent tokens, in their two directions of largest variance",
    scaled: (factor) => `The embeddings times √dModel = ${factor}`,
    positions: "Positional encodings: a row a position, added to the row of the token there",
    position: "position",
    dimension: "dimension",
    sum: "Their sum: what the first layer reads",
  },
  stacks: {
    encoder: "Encoder",
    decoder: "Decoder",
    layer: (number) => `Layer ${number}`,
    parameters: (count) => `${count} parameters`,
    parts: {
      selfAttention: "Multi-head self-attention",
      maskedAttention: "Masked multi-head self-attention",
      crossAttention: "Multi-head cross-attention",
      feedForward: "Feed-forward",
      input: "Embedding + positions",
      output: "Linear + softmax",
    },
    choose: "Choose a part of the model to open it.",
    head: (number) => `Head ${number}`,
    allHeads: "Heads",
    queries: "Queries Q = x W_Q + b",
    keys: "Keys K = x W_K + b",
    values: "Values V = x W_V + b",
    scores: (dHead) => `Scores Q Kᵀ / √${dHead}`,
    mask: "The mask: a token sees itself and those before it; the rest is −∞",
    weights: "Weights: the softmax of each row of the scores",
    mixed: "Weighted sum: weights times V",
    joined: (heads) => `The ${heads} heads side by side`,
    projected: "Joined heads times W_O",
    residual: {
      post: "LayerNorm(x + sublayer(x)): what goes on",
      pre: "x + sublayer(LayerNorm(x)): what goes on",
      none: "x + sublayer(x): what goes on",
    },
    normalised: "LayerNorm(x): what the sublayer reads",
    inner: (activation) => `${activation}(x W₁ + b₁)`,
    outer: "… times W₂ + b₂",
    from: "x: what comes in",
  },
  attention: {
    kind: "Attention",
    kinds: {
      encoder: "Encoder self-attention",
      decoder: "Masked decoder self-attention",
      cross: "Cross-attention",
    },
    layer: "Layer",
    head: "Head",
    mean: "mean",
    shapes: { matrix: "Matrix", lines: "Lines", board: "All heads" },
    looks: (token) => `“${token}” looks at`,
  },
  decoding: {
    step: "step",
    takes: "reads",
    candidates: "says: the most probable tokens",
    looked: "looked at",
    cache: (tokens, numbers) => `Cache: keys and values of ${tokens} tokens, ${numbers} numbers`,
    choose: "Choose another token to see what would follow.",
    own: "Back to the model's own choice",
    beam: "Beam search",
    beamSize: "Beam",
    lengthPenalty: "Length penalty α",
    fates: {
      kept: "followed",
      ended: "ended",
      pruned: "dropped: others of the step are more probable",
      hopeless: "dropped: cannot win any more",
      best: "the translation",
    },
    found: "Found",
  },
  training: {
    target: "Translation to learn",
    about:
      "Teacher forcing: the decoder reads BEGIN and the right translation, and at every place has to say the next token. The loss is −ln of the probability it gives to it.",
    reads: "reads",
    says: "has to say",
    would: "would say",
    probability: "probability",
    loss: "loss",
    mean: "mean",
    smoothing: "Label smoothing",
    gradients: "Norm of the gradient of each parameter: where this pair would change the model",
    parameter: "parameter",
    norm: "norm",
  },
  tour: {
    begin: "Take the tour",
    next: "Next",
    back: "Back",
    end: "Done",
    step: (number, of) => `${number} of ${of}`,
    steps: [
      {
        view: "tokens",
        title: "A sequence in, a sequence out",
        text: "A Transformer turns one sequence of tokens into another: here a sentence into its translation. Type your own above; everything on this page follows it.",
      },
      {
        view: "tokens",
        title: "Embeddings",
        text: "Each token has a row of learned numbers. “We multiply those weights by √dModel” (section 3.4). Tokens that are used alike end up with vectors alike.",
      },
      {
        view: "tokens",
        title: "Positional encoding",
        text: "The model has no recurrence and no convolution, so it is told where tokens stand: sines and cosines of different frequencies are added to the embeddings (section 3.5).",
      },
      {
        view: "stacks",
        title: "Encoder and decoder",
        text: "The encoder maps the source to a sequence of vectors, the memory; the decoder generates the target one token at a time, reading what it has said before and the memory (section 3).",
      },
      {
        view: "attention",
        title: "Scaled dot-product attention",
        text: "Attention(Q, K, V) = softmax(QKᵀ / √dHead) V (equation 1). Each row of the matrix is a token that looks, each column one that is looked at, and each row sums to 1.",
      },
      {
        view: "attention",
        title: "Multi-head attention",
        text: "Several heads attend at once, each with projections of its own: “Multi-head attention allows the model to jointly attend to information from different representation subspaces” (section 3.2.2). Look at all heads together.",
      },
      {
        view: "attention",
        title: "Cross-attention",
        text: "In the decoder's second sublayer, queries come from the decoder, keys and values from the encoder's output: so that every target token may look at the whole source (section 3.2.3).",
      },
      {
        view: "stacks",
        title: "Residuals, normalisation, feed-forward",
        text: "Around each sublayer there is a residual connection and a layer normalisation; each layer ends with a network of two linear maps applied to each position alike (sections 3.1 and 3.3).",
      },
      {
        view: "decoding",
        title: "Softmax, and one token more",
        text: "A linear map and a softmax turn the decoder's last vector into the probability of every token. The best is taken and read as the next input, until END. Choose another and see what follows.",
      },
      {
        view: "training",
        title: "Learning",
        text: "In training the decoder reads the right translation shifted by one place, and the loss says how little probability it gave to each right token. Its gradient says how every parameter should change.",
      },
    ],
  },
  playground: {
    title: "Train a Transformer in this page",
    about:
      "The kernels, the model and the trainer of the command line, in your browser. Nothing leaves this page.",
    task: "Task",
    tasks: {
      reverse: "reverse: say it backwards",
      copy: "copy: say it again",
      sort: "sort: put it in order",
      dates: "dates: to ISO 8601",
      "zh-en": "Chinese to English",
    },
    anew: "Another task or size makes another model: training begins anew.",
    sizes: {
      dModel: "Width dModel",
      nHeads: "Heads",
      dFF: "Feed-forward",
      nEncoderLayers: "Encoder layers",
      nDecoderLayers: "Decoder layers",
    },
    meanwhile: "These can be changed while it trains: the next step has them, and nothing is forgotten.",
    changes: {
      learningRate: "Learning rate",
      dropout: "Dropout",
      labelSmoothing: "Label smoothing",
      batchTokens: "Tokens a batch",
    },
    play: "Play",
    pause: "Pause",
    step: "One step",
    again: "Begin again",
    take: "Take the checkpoint home",
    explore: "Look inside",
    drop: "Open a checkpoint",
    back: "Back to training",
    loss: "loss",
    validationLoss: "validation loss",
    exactMatch: "exact match, %",
    facts: (pairs, parameters, kernels, threads) =>
      `${pairs} pairs, ${parameters} parameters, ${kernels} SIMD on ${threads === 1 ? "1 thread" : `${threads} threads`}`,
    now: (step, loss, exact, speed) =>
      `Step ${step}: loss ${loss}, ${exact} % of held-out pairs exact, ${speed} tokens a second`,
    source: "held-out source",
    target: "wanted",
    model: "the model, now",
    attention: (step) => `Cross-attention of the last layer on the first pair, after ${step} steps`,
    finished: "Training is over.",
  },
  report: {
    title: (run) => `Report of ${run}`,
    several: (runs) => `${runs} runs compared`,
    contents: "In this report",
    sections: {
      comparison: "Is the difference more than chance?",
      table: "The runs",
      scores: "How good it is",
      curves: "How it went",
      samples: "The same sentences, from validation to validation",
      sentences: "The worst and the best held-out sentences",
      corpus: "Corpus and vocabulary",
      settings: "Settings",
      explorer: "Inside the model",
    },
    parameters: (count) => `${count} parameters`,
    steps: (count) => `${count} steps`,
    bestStep: (step) => `best at step ${step}`,
    run: "run",
    step: "step",
    curves: {
      loss: "loss",
      validLoss: "validation loss",
      bleu: "BLEU",
      chrf: "chrF",
      exactMatch: "exact match, %",
      lr: "learning rate",
      gradNorm: "gradient norm",
      tokensPerSecond: "tokens a second",
    },
    together: { loss: "loss", scores: "validation: BLEU, chrF and exact match" },
    noCurves: "This run has logged nothing.",
    columns: {},
    source: "source",
    target: "target",
    reference: "reference",
    translation: "translation",
    samplesAbout:
      "What the model made of some validation sentences while it learned; where it said the same again, once.",
    noSamples: "This run kept no translations: it was trained without --samples, or before there were any.",
    atStep: (step) => `step ${step}`,
    fromStep: (from, to) => `step ${from}–${to}`,
    parts: { test: "test pairs", valid: "validation pairs" },
    heldOutAbout: (pairs, from) => `The best model on ${pairs} pairs that it was not trained on (${from}).`,
    noHeldOut:
      "The model has not translated held-out pairs: either there are none, or `xformer report` is yet to do it.",
    ranked: "By sentence chrF. The loss is that of the reference, a token.",
    worst: "The worst translations",
    best: "The best translations",
    allRight: "Every translation is its reference.",
    pairs: (pairs) => `${pairs} pairs to train on.`,
    counted: (pairs) => `Tokens and lengths are those of the first ${pairs}.`,
    noCorpus: "The training files are not there any more.",
    side: {
      tokenizer: "tokens",
      lowercase: "lowercase",
      vocabulary: "vocabulary",
      rare: (times) => `of it seen fewer than ${times} times`,
      tokens: "tokens in all",
      unknown: "unknown to the model",
      lengths: "tokens a line",
      median: "median and mean",
      longLines: (side) => `Lines of the ${side} by length in tokens`,
      frequent: "The most frequent tokens",
    },
    comparison: {
      about: (baseline, pairs, from, below) =>
        `Each run against ${baseline}, on the same ${pairs} pairs (${from}). p is how often chance alone makes as much of a difference: by paired bootstrap resampling (Koehn 2004) and by approximate randomisation (Riezler and Maxwell 2005). A run counts as better or worse where both are below ${below}.`,
      metric: "metric",
      score: "score",
      interval: "95 %",
      baseline: "first run",
      difference: "difference",
      bootstrap: "p bootstrap",
      randomisation: "p randomisation",
      verdict: "than the first run",
      verdicts: { better: "better", worse: "worse", chance: "may be chance" },
    },
  },
  matrix: {
    numbers: "numbers",
    help: "Arrow keys move from number to number.",
  },
};
