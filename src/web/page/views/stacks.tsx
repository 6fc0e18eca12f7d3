import { useState } from "preact/hooks";
import { type AttentionKind, attentionName, bandOf, headTrace, type Trace } from "../../../model/trace.ts";
import type { ModelFacts, Walk } from "../../protocol.ts";
import { thousands } from "../numbers.ts";
import { MatrixView } from "../parts/matrix.tsx";
import { decoderInput, encoderInput, type State } from "../state.ts";
import type { PartName } from "../texts/english.ts";
import { texts } from "../texts/texts.ts";
import { sidesOf } from "./attention.tsx";
import { cellFor } from "./tokens.tsx";

/** A part of the model that can be opened. */
interface Part {
  readonly stack: "encoder" | "decoder";
  readonly layer: number;
  readonly part: PartName;
}

/** What the names of a part's parameters begin with; the norm around a sublayer belongs to it. */
function prefixesOf({ stack, layer, part }: Part): string[] {
  const within = `${stack}.layers.${layer}.`;
  const last = stack === "encoder" ? "norm2." : "norm3.";
  switch (part) {
    case "selfAttention":
    case "maskedAttention":
      return [`${within}self_attn.`, `${within}norm1.`];
    case "crossAttention":
      return [`${within}multihead_attn.`, `${within}norm2.`];
    case "feedForward":
      return [`${within}linear`, within + last];
    case "input":
      return stack === "encoder" ? ["source_"] : ["target_"];
    case "output":
      return ["output_projection.", "decoder.norm."];
  }
}

function parametersOf(facts: ModelFacts, part: Part): number {
  const prefixes = prefixesOf(part);
  return facts.parameters
    .filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)))
    .reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
}

/** Figure 1 of the paper with this model's sizes, and the inside of the part that is chosen. */
export function StacksView({ state }: { readonly state: State }) {
  const t = texts.value.stacks;
  const { config } = state.facts;
  const [open, setOpen] = useState<Part>({ stack: "encoder", layer: 0, part: "selfAttention" });
  const trace = state.trace.value;
  const walk = state.walk.value!;
  if (trace === undefined) return <p>{texts.value.nothing}</p>;
  const box = (part: Part, shape: string) => (
    <PartButton
      key={`${part.stack} ${part.layer} ${part.part}`}
      facts={state.facts}
      part={part}
      shape={shape}
      isOpen={JSON.stringify(part) === JSON.stringify(open)}
      onOpen={() => setOpen(part)}
    />
  );
  const stackOf = (stack: Part["stack"]) => {
    const [tokens, layers, vocabulary] =
      stack === "encoder"
        ? [walk.source.length, config.nEncoderLayers, config.sourceVocabSize]
        : [walk.steps.length, config.nDecoderLayers, config.targetVocabSize];
    const parts: readonly PartName[] =
      stack === "encoder"
        ? ["feedForward", "selfAttention"]
        : ["feedForward", "crossAttention", "maskedAttention"];
    const shape = `[${tokens}, ${config.dModel}]`;
    return (
      <div class={`stack ${stack}`}>
        <h3>{t[stack]}</h3>
        {stack === "decoder" && box({ stack, layer: 0, part: "output" }, `[${tokens}, ${vocabulary}]`)}
        {Array.from({ length: layers }, (_, i) => layers - 1 - i).map((layer) => (
          <div class="layer" key={layer}>
            <span>{t.layer(layer + 1)}</span>
            {parts.map((part) => box({ stack, layer, part }, shape))}
          </div>
        ))}
        {box({ stack, layer: 0, part: "input" }, shape)}
      </div>
    );
  };
  return (
    <div class="stacks">
      <div class="figure1">
        {stackOf("encoder")}
        {stackOf("decoder")}
      </div>
      <section class="inside">
        <h3>
          {t[open.stack]}
          {open.part === "input" || open.part === "output" ? "" : `, ${t.layer(open.layer + 1)}`}:{" "}
          {t.parts[open.part]}
        </h3>
        <Inside state={state} trace={trace} walk={walk} part={open} />
      </section>
    </div>
  );
}

interface PartButtonProps {
  readonly facts: ModelFacts;
  readonly part: Part;
  readonly shape: string;
  readonly isOpen: boolean;
  readonly onOpen: () => void;
}

function PartButton({ facts, part, shape, isOpen, onOpen }: PartButtonProps) {
  const t = texts.value.stacks;
  return (
    <button type="button" class={`part ${part.part}`} aria-pressed={isOpen} onClick={onOpen}>
      {t.parts[part.part]}
      <small>
        {shape} · {t.parameters(thousands(parametersOf(facts, part)))}
      </small>
    </button>
  );
}

interface InsideProps {
  readonly state: State;
  readonly trace: Trace;
  readonly walk: Walk;
  readonly part: Part;
}

/** What a part computes for the sentence. */
function Inside(props: InsideProps) {
  switch (props.part.part) {
    case "selfAttention":
      return <AttentionInside {...props} kind="encoder" />;
    case "maskedAttention":
      return <AttentionInside {...props} kind="decoder" />;
    case "crossAttention":
      return <AttentionInside {...props} kind="cross" />;
    case "feedForward":
      return <FeedForwardInside {...props} />;
    case "input":
      return <Values {...props} name={`${props.part.stack}.input`} label={texts.value.tokens.sum} />;
    case "output":
      return <Values {...props} name="logits" label={texts.value.stacks.parts.output} />;
  }
}

/** A value of the trace, a row a token; nothing where the model has none of that name. */
function Values({
  state,
  trace,
  walk,
  part,
  name,
  label,
}: InsideProps & { readonly name: string; readonly label: string }) {
  const matrix = trace.get(name);
  if (matrix === undefined) return null;
  const rows = part.stack === "encoder" ? encoderInput(walk) : decoderInput(walk);
  return (
    <MatrixView matrix={matrix} label={label} rows={rows} cell={cellFor(matrix.columns)} lit={state.lit} />
  );
}

/** What enters a sublayer, and what comes out behind its residual connection and norm. */
function namesAround({ facts }: State, { stack, layer, part }: Part) {
  const { nEncoderLayers, norm } = facts.config;
  const within = `${stack}.layers.${layer}.`;
  const number = part === "feedForward" ? (stack === "encoder" ? 2 : 3) : part === "crossAttention" ? 2 : 1;
  const last = stack === "encoder" ? 2 : 3;
  const input =
    number > 1
      ? `${within}norm${number - 1}.output`
      : layer === 0
        ? `${stack}.input`
        : `${stack}.layers.${layer - 1}.norm${last}.output`;
  const memory =
    norm === "pre" ? "encoder.norm.normalised" : `encoder.layers.${nEncoderLayers - 1}.norm2.output`;
  return {
    input,
    memory,
    normalised: `${within}norm${number}.normalised`,
    output: `${within}norm${number}.output`,
  };
}

function AttentionInside({ state, trace, walk, part, kind }: InsideProps & { readonly kind: AttentionKind }) {
  const t = texts.value.stacks;
  const { config } = state.facts;
  const [head, setHead] = useState(0);
  const { q, k, v, scores, weights } = headTrace(trace, config, kind, part.layer, head);
  const { rows, columns } = sidesOf(kind, walk);
  const dHead = config.dModel / config.nHeads;
  const around = namesAround(state, part);
  const name = attentionName(kind, part.layer);
  const inner = { state, trace, walk, part };
  const narrow = [Math.max(4, Math.min(12, Math.floor(256 / dHead))), 20] as const;
  const square = [Math.max(14, Math.min(36, Math.floor(420 / scores.columns))), 22] as const;
  const queries = { rows: kind === "encoder" ? rows : decoderInput(walk), cell: narrow, lit: state.lit };
  const keys = { rows: columns, cell: narrow, lit: state.lit };
  const pairs = { rows: queries.rows, columns, cell: square, lit: state.lit };
  const heads = trace.get(`${name}heads`)!;
  const mixed = bandOf(heads, head * dHead, dHead);
  return (
    <div class="stackwise">
      <Values {...inner} name={around.input} label={t.from} />
      <Values {...inner} name={around.normalised} label={t.normalised} />
      <fieldset class="choices" aria-label={t.allHeads}>
        {Array.from({ length: config.nHeads }, (_, h) => (
          <button type="button" key={h} aria-pressed={h === head} onClick={() => setHead(h)}>
            {t.head(h + 1)}
          </button>
        ))}
      </fieldset>
      <div class="row">
        <MatrixView matrix={q} label={t.queries} {...queries} />
        <MatrixView matrix={k} label={t.keys} {...keys} />
        <MatrixView matrix={v} label={t.values} {...keys} />
      </div>
      <div class="row">
        <MatrixView matrix={scores} label={t.scores(dHead)} {...pairs} />
        <MatrixView matrix={weights} label={t.weights} {...pairs} most={1} />
        <MatrixView matrix={mixed} label={t.mixed} {...queries} />
      </div>
      {kind === "decoder" && <p class="quiet">{t.mask}</p>}
      <Values {...inner} name={`${name}heads`} label={t.joined(config.nHeads)} />
      <Values {...inner} name={`${name}output`} label={t.projected} />
      <Values {...inner} name={around.output} label={t.residual[config.norm]} />
    </div>
  );
}

/** What activations are called. */
const ACTIVATIONS = { relu: "ReLU", gelu: "GELU", swiglu: "SwiGLU" };

function FeedForwardInside({ state, trace, walk, part }: InsideProps) {
  const t = texts.value.stacks;
  const { activation, norm } = state.facts.config;
  const around = namesAround(state, part);
  const within = `${part.stack}.layers.${part.layer}.`;
  const inner = { state, trace, walk, part };
  return (
    <div class="stackwise">
      <Values {...inner} name={around.input} label={t.from} />
      <Values {...inner} name={around.normalised} label={t.normalised} />
      <Values {...inner} name={`${within}inner`} label={t.inner(ACTIVATIONS[activation])} />
      <Values {...inner} name={`${within}output`} label={t.outer} />
      <Values {...inner} name={around.output} label={t.residual[norm]} />
    </div>
  );
}
