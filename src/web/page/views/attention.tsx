import { useState } from "preact/hooks";
import {
  ATTENTION_KINDS,
  type AttentionKind,
  headTrace,
  type Matrix,
  meanOf,
  type Trace,
} from "../../../model/trace.ts";
import type { Walk } from "../../protocol.ts";
import { isLit, lighting, placeIn } from "../parts/lighting.ts";
import { MatrixView, Thumbnail } from "../parts/matrix.tsx";
import { TokenChips } from "../parts/tokens.tsx";
import { decoderInput, decoderOutput, encoderInput, type State, type TokenRow } from "../state.ts";
import { texts } from "../texts/texts.ts";

const SHAPES = ["matrix", "lines", "board"] as const;

/** Which attention is looked at; no head is the mean of all. */
interface Which {
  readonly kind: AttentionKind;
  readonly layer: number;
  readonly head: number | undefined;
}

/** Who looks at whom: the tokens of the rows of an attention, and those of its columns. */
export function sidesOf(
  kind: AttentionKind,
  walk: Walk,
): { readonly rows: TokenRow; readonly columns: TokenRow } {
  if (kind === "encoder") return { rows: encoderInput(walk), columns: encoderInput(walk) };
  // A state of the decoder is known by the token it reads; across, by the one it is about to say.
  if (kind === "decoder") return { rows: decoderInput(walk), columns: decoderInput(walk) };
  return { rows: decoderOutput(walk), columns: encoderInput(walk) };
}

/** The weights of a head, or the mean of all heads: [Tq, Tk]. */
export function weightsOf(trace: Trace, state: State, { kind, layer, head }: Which): Matrix {
  const { config } = state.facts;
  if (head !== undefined) return headTrace(trace, config, kind, layer, head).weights;
  return meanOf(
    Array.from({ length: config.nHeads }, (_, h) => headTrace(trace, config, kind, layer, h).weights),
  );
}

/** Attention of every layer and head, as a matrix, as lines between words, or as a board of all heads. */
export function AttentionView({ state }: { readonly state: State }) {
  const t = texts.value.attention;
  const { config } = state.facts;
  const [shape, setShape] = useState<(typeof SHAPES)[number]>("matrix");
  const [kind, setKind] = useState<AttentionKind>("cross");
  const layers = kind === "encoder" ? config.nEncoderLayers : config.nDecoderLayers;
  const [chosenLayer, setLayer] = useState(layers - 1);
  const [head, setHead] = useState<number>();
  const layer = Math.min(chosenLayer, layers - 1);
  const trace = state.trace.value;
  const walk = state.walk.value!;
  if (trace === undefined) return <p>{texts.value.nothing}</p>;
  const which = { kind, layer, head };
  const open = (of: { readonly layer: number; readonly head: number }): void => {
    setLayer(of.layer);
    setHead(of.head);
    setShape("matrix");
  };
  return (
    <div class="stackwise">
      <fieldset class="choices">
        {SHAPES.map((each) => (
          <button type="button" key={each} aria-pressed={shape === each} onClick={() => setShape(each)}>
            {t.shapes[each]}
          </button>
        ))}
        <label>
          {t.kind}
          <select value={kind} onChange={(event) => setKind(event.currentTarget.value as AttentionKind)}>
            {ATTENTION_KINDS.map((each) => (
              <option key={each} value={each}>
                {t.kinds[each]}
              </option>
            ))}
          </select>
        </label>
        {shape !== "board" && (
          <>
            <label>
              {t.layer}
              <select value={layer} onChange={(event) => setLayer(Number(event.currentTarget.value))}>
                {Array.from({ length: layers }, (_, i) => (
                  <option key={i} value={i}>
                    {i + 1}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {t.head}
              <select
                value={head ?? ""}
                onChange={({ currentTarget: { value } }) => setHead(value === "" ? undefined : Number(value))}
              >
                <option value="">{t.mean}</option>
                {Array.from({ length: config.nHeads }, (_, i) => (
                  <option key={i} value={i}>
                    {i + 1}
                  </option>
                ))}
              </select>
            </label>
          </>
        )}
      </fieldset>
      {shape === "matrix" && <Weights state={state} trace={trace} walk={walk} which={which} />}
      {shape === "lines" && <Lines state={state} trace={trace} walk={walk} which={which} />}
      {shape === "board" && (
        <div class="board" style={{ "--heads": String(config.nHeads) }}>
          {Array.from({ length: layers }, (_, l) =>
            Array.from({ length: config.nHeads }, (_, h) => (
              <button type="button" key={`${l} ${h}`} onClick={() => open({ layer: l, head: h })}>
                {`${t.layer} ${l + 1}, ${t.head} ${h + 1}`}
                <Thumbnail matrix={weightsOf(trace, state, { kind, layer: l, head: h })} most={1} />
              </button>
            )),
          )}
        </div>
      )}
    </div>
  );
}

interface WeightsProps {
  readonly state: State;
  readonly trace: Trace;
  readonly walk: Walk;
  readonly which: Which;
}

/** The weights as a matrix: a row a token that looks. */
function Weights({ state, trace, walk, which }: WeightsProps) {
  const matrix = weightsOf(trace, state, which);
  const size = Math.max(18, Math.min(44, Math.floor(640 / matrix.columns)));
  return (
    <MatrixView
      label={texts.value.attention.kinds[which.kind]}
      matrix={matrix}
      {...sidesOf(which.kind, walk)}
      most={1}
      cell={[size, Math.min(size, 30)]}
      lit={state.lit}
    />
  );
}

/** Pixels a token takes in the view of lines. */
const LINE_HEIGHT = 30;
const LINE_WIDTH = 220;

/** The weights as lines from the tokens that look to those they look at, as thick as they are large. */
function Lines({ state, trace, walk, which }: WeightsProps) {
  const [from, setFrom] = useState<number>();
  const sides = sidesOf(which.kind, walk);
  const [rows, columns] = [sides.rows.labels, sides.columns.labels];
  const { values } = weightsOf(trace, state, which);
  const height = LINE_HEIGHT * Math.max(rows.length, columns.length);
  const middle = (i: number): number => LINE_HEIGHT * (i + 0.5);
  const looking = from === undefined || from >= rows.length ? undefined : from;
  const strengths = looking === undefined ? undefined : values.subarray(looking * columns.length);
  return (
    <div class="lines" onPointerLeave={() => setFrom(undefined)}>
      <ol>
        {rows.map((text, i) => {
          const place = placeIn(sides.rows, i);
          const { onPointerEnter, onFocus, ...off } = lighting(state.lit, place);
          const look = (light: () => void) => () => {
            light();
            setFrom(i);
          };
          return (
            <li key={i}>
              <button
                type="button"
                class={looking === i || isLit(state.lit, place) ? "lit" : ""}
                onPointerEnter={look(onPointerEnter)}
                onFocus={look(onFocus)}
                {...off}
              >
                {text}
              </button>
            </li>
          );
        })}
      </ol>
      <svg width={LINE_WIDTH} height={height} aria-hidden="true">
        {rows.flatMap((_, i) =>
          columns.map((_, j) => {
            const weight = values[i * columns.length + j]!;
            if (weight < 0.02 || (looking !== undefined && looking !== i)) return null;
            return (
              <line
                key={`${i} ${j}`}
                x1={0}
                y1={middle(i)}
                x2={LINE_WIDTH}
                y2={middle(j)}
                stroke-width={1 + 7 * weight}
                opacity={0.15 + 0.85 * weight}
              />
            );
          }),
        )}
      </svg>
      <ol>
        {columns.map((text, j) => (
          <li key={j} style={{ "--strength": String(strengths?.[j] ?? 0) }}>
            <span
              class={isLit(state.lit, placeIn(sides.columns, j)) ? "lit" : ""}
              {...lighting(state.lit, placeIn(sides.columns, j))}
            >
              {text}
              {strengths !== undefined && <small>{(100 * strengths[j]!).toFixed(0)} %</small>}
            </span>
          </li>
        ))}
      </ol>
      {looking !== undefined && (
        <p class="aside">
          {texts.value.attention.looks(rows[looking]!)}
          <TokenChips
            state={state}
            side={sides.columns.side}
            tokens={columns.map((text) => ({ text }))}
            strengths={strengths}
          />
        </p>
      )}
    </div>
  );
}
