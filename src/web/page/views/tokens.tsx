import { useEffect, useRef, useState } from "preact/hooks";
import type { Matrix } from "../../../model/trace.ts";
import type { Neighbour, Questions, Side, Token } from "../../protocol.ts";
import { shortNumber, thousands } from "../numbers.ts";
import { isLit, lighting, litIds, placeIn } from "../parts/lighting.ts";
import { MatrixView } from "../parts/matrix.tsx";
import { decoderInput, encoderInput, type State, type TokenRow } from "../state.ts";
import { texts } from "../texts/texts.ts";
import { theme } from "../theme.ts";

/** Tokens shown on the map of embeddings. */
const ON_MAP = 400;
const NEIGHBOURS = 10;

/** What goes in: tokens, ids, embeddings, positions, and their sum. */
export function TokensView({ state }: { readonly state: State }) {
  const { client, facts } = state;
  const t = texts.value.tokens;
  const walk = state.walk.value!;
  const [side, setSide] = useState<Side>("source");
  const [chosen, setChosen] = useState(0);
  const [rows, setRows] = useState<Matrix>();
  const [positions, setPositions] = useState<Matrix>();
  const [neighbours, setNeighbours] = useState<readonly Neighbour[]>();
  const [map, setMap] = useState<Questions["map"]["gives"]>();
  const bos = facts.targetVocabulary.indexOf("<s>");
  const tokens: readonly Token[] =
    side === "source"
      ? walk.source
      : [{ id: bos, text: "<s>" }, ...walk.steps.slice(0, -1).map((step) => step.chosen)];
  const ids = tokens.map(({ id }) => id);
  const here = Math.min(chosen, tokens.length - 1);
  const token = tokens[here]!;
  useEffect(() => {
    void client.ask("embeddings", { side, ids }).then(setRows);
    void client.ask("positions", { side, count: ids.length }).then(setPositions);
  }, [side, ids.join()]);
  useEffect(() => {
    void client.ask("neighbours", { side, id: token.id, count: NEIGHBOURS }).then(setNeighbours);
  }, [side, token.id]);
  useEffect(() => {
    void client.ask("map", { side, most: ON_MAP }).then(setMap);
  }, [side]);
  const { dModel } = facts.config;
  const factor = Math.sqrt(dModel);
  const vocabulary = thousands(
    side === "source" ? facts.config.sourceVocabSize : facts.config.targetVocabSize,
  );
  const cell = cellFor(dModel);
  const row = side === "source" ? encoderInput(walk) : decoderInput(walk);
  const input = state.trace.value?.get(`${side === "source" ? "encoder" : "decoder"}.input`);
  return (
    <div class="stackwise">
      <fieldset class="choices">
        {(["source", "target"] as const).map((each) => (
          <button type="button" key={each} aria-pressed={side === each} onClick={() => setSide(each)}>
            {t[each]}
          </button>
        ))}
      </fieldset>
      <IdTable state={state} tokens={tokens} row={row} chosen={here} onChoose={setChosen} />
      <p>{t.product(token.id, vocabulary, dModel)}</p>
      {rows?.rows === tokens.length && (
        <MatrixView
          label={t.scaled(shortNumber(factor))}
          matrix={{ ...rows, values: rows.values.map((value) => value * factor) }}
          rows={row}
          cell={cell}
          chosen={here}
          lit={state.lit}
        />
      )}
      {positions !== undefined && (
        <MatrixView
          label={t.positions}
          matrix={positions}
          rows={{ ...row, labels: Array.from({ length: positions.rows }, (_, i) => String(i)) }}
          cell={cell}
          chosen={here}
          lit={state.lit}
        />
      )}
      {input !== undefined && input.rows === tokens.length && (
        <MatrixView label={t.sum} matrix={input} rows={row} cell={cell} chosen={here} lit={state.lit} />
      )}
      <section>
        <h3>{t.neighbours(token.text)}</h3>
        <ol class="bars">
          {neighbours?.map(({ id, text, similarity }) => (
            <li key={id}>
              <span>{text}</span>
              <meter min={0} max={1} value={Math.max(0, similarity)} aria-label={text} />
              <span>{shortNumber(similarity)}</span>
            </li>
          ))}
        </ol>
      </section>
      <section>
        <h3>{t.map}</h3>
        {map !== undefined && (
          <EmbeddingMap
            points={map}
            sentence={new Set(ids)}
            marked={new Set([token.id, ...litIds(state, side)])}
          />
        )}
      </section>
    </div>
  );
}

interface IdTableProps {
  readonly state: State;
  readonly tokens: readonly Token[];
  readonly row: TokenRow;
  readonly chosen: number;
  readonly onChoose: (i: number) => void;
}

/** The tokens of a side and their ids. */
function IdTable({ state, tokens, row, chosen, onChoose }: IdTableProps) {
  const t = texts.value.tokens;
  return (
    <table class="ids">
      <tbody>
        <tr>
          <th scope="row">{t.token}</th>
          {tokens.map(({ text }, i) => (
            <td key={i}>
              <button
                type="button"
                class={isLit(state.lit, placeIn(row, i)) ? "lit" : ""}
                aria-pressed={i === chosen}
                onClick={() => onChoose(i)}
                {...lighting(state.lit, placeIn(row, i))}
              >
                {text}
              </button>
            </td>
          ))}
        </tr>
        <tr>
          <th scope="row">{t.id}</th>
          {tokens.map(({ id }, i) => (
            <td key={i}>{id}</td>
          ))}
        </tr>
      </tbody>
    </table>
  );
}

/** Cells of a matrix [T, D] that fit on the page, and are large enough to point at. */
export function cellFor(columns: number): readonly [width: number, height: number] {
  return [Math.max(2, Math.min(12, Math.floor(768 / columns))), 20];
}

interface MapProps {
  readonly points: readonly (Token & { readonly x: number; readonly y: number })[];
  /** Tokens of the sentence. */
  readonly sentence: ReadonlySet<number>;
  /** Those that are chosen or lit. */
  readonly marked: ReadonlySet<number>;
}

/** Tokens where their embeddings lie in a plane. */
function EmbeddingMap({ points, sentence, marked }: MapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const shade = theme.value;
  useEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const style = getComputedStyle(canvas.current!);
    const { width, height } = canvas.current!;
    const range = (values: readonly number[]): readonly [number, number] => [
      Math.min(...values),
      Math.max(...values),
    ];
    const [left, right] = range(points.map(({ x }) => x));
    const [low, high] = range(points.map(({ y }) => y));
    context.clearRect(0, 0, width, height);
    context.textAlign = "center";
    // The sentence's own tokens come last, on top.
    const order = [...points].sort((a, b) => weight(a.id) - weight(b.id));
    function weight(id: number): number {
      return marked.has(id) ? 2 : sentence.has(id) ? 1 : 0;
    }
    for (const { id, text, x, y } of order) {
      const strong = weight(id) > 0;
      context.font = `${strong ? "bold 26px" : "18px"} system-ui, sans-serif`;
      context.fillStyle = style.getPropertyValue(weight(id) === 2 ? "--low" : strong ? "--high" : "--faint");
      const across = 40 + ((x - left) / (right - left || 1)) * (width - 80);
      const down = height - 20 - ((y - low) / (high - low || 1)) * (height - 50);
      context.fillText(text, across, down);
    }
  }, [points, sentence, marked, shade]);
  const named = points.filter(({ id }) => sentence.has(id)).map(({ text }) => text);
  return (
    <canvas ref={canvas} class="map" width={1400} height={800} role="img" aria-label={named.join(", ")} />
  );
}
