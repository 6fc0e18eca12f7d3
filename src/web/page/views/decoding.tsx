import { useEffect, useState } from "preact/hooks";
import type { BeamNode, BeamTree } from "../../protocol.ts";
import { percent, shortNumber, thousands } from "../numbers.ts";
import { litWith, placeInTranslation } from "../parts/lighting.ts";
import { Slider } from "../parts/slider.tsx";
import { TokenChips } from "../parts/tokens.tsx";
import type { State } from "../state.ts";
import { texts } from "../texts/texts.ts";
import { weightsOf } from "./attention.tsx";

/** Decoding step by step, and a beam search as a tree. */
export function DecodingView({ state }: { readonly state: State }) {
  const t = texts.value.decoding;
  const walk = state.walk.value!;
  const { config } = state.facts;
  const [chosen, setChosen] = useState(0);
  const here = Math.min(chosen, walk.steps.length - 1);
  const step = walk.steps[here];
  if (step === undefined) return <p>{texts.value.nothing}</p>;
  const before = here === 0 ? "<s>" : walk.steps[here - 1]!.chosen.text;
  const trace = state.trace.value;
  const weights =
    trace === undefined
      ? undefined
      : weightsOf(trace, state, { kind: "cross", layer: config.nDecoderLayers - 1, head: undefined });
  const row = weights?.values.subarray(here * weights.columns, (here + 1) * weights.columns);
  const cached = (here + 1 + walk.source.length) * 2 * config.dModel * config.nDecoderLayers;
  const choose = (id: number): void => {
    state.prefix.value = [...walk.steps.slice(0, here).map((each) => each.chosen.id), id];
  };
  return (
    <div class="stackwise">
      <TokenChips
        state={state}
        side="target"
        tokens={walk.steps.map(({ chosen: { text, probability } }) => ({ text, probability }))}
        chosen={here}
        onChoose={setChosen}
      />
      <div class="step">
        <section>
          <h3>
            {t.step} {here + 1}: {t.takes} <b>{before}</b>, {t.looked}
          </h3>
          <TokenChips state={state} side="source" tokens={walk.source} strengths={row} />
          <p class="quiet">{t.cache(here + 1, thousands(cached))}</p>
        </section>
        <section>
          <h3>{t.candidates}</h3>
          <ol class="bars">
            {step.candidates.map(({ id, text, probability }) => (
              <li key={id}>
                <button type="button" aria-pressed={id === step.chosen.id} onClick={() => choose(id)}>
                  {text}
                </button>
                <meter min={0} max={1} value={probability} aria-label={text} />
                <span>{percent(probability)}</span>
              </li>
            ))}
          </ol>
          <p class="quiet">{t.choose}</p>
          {state.prefix.value.length > 0 && (
            <button
              type="button"
              onClick={() => {
                state.prefix.value = [];
              }}
            >
              {t.own}
            </button>
          )}
        </section>
      </div>
      <Beam state={state} />
    </div>
  );
}

/** A beam search over the sentence. */
function Beam({ state }: { readonly state: State }) {
  const t = texts.value.decoding;
  const [beam, setBeam] = useState(3);
  const [lengthPenalty, setLengthPenalty] = useState(1);
  const [tree, setTree] = useState<BeamTree>();
  const source = state.walk.value!.source.length > 1 ? state.source.value : "";
  useEffect(() => {
    let current = true;
    if (source !== "")
      void state.client
        .ask("beam", { source, beam, lengthPenalty })
        .then((found) => current && setTree(found));
    return () => {
      current = false;
    };
  }, [source, beam, lengthPenalty]);
  return (
    <section>
      <h3>{t.beam}</h3>
      <div class="choices">
        <Slider label={t.beamSize} value={beam} min={1} max={8} onChange={setBeam} />
        <Slider
          label={t.lengthPenalty}
          value={lengthPenalty}
          min={0}
          max={2}
          step={0.1}
          digits={1}
          onChange={setLengthPenalty}
        />
      </div>
      {tree !== undefined && (
        <>
          <p>
            {t.found}: <b>{tree.text}</b>
          </p>
          <div class="tree">
            <Branches state={state} tree={tree} parent={-1} path={pathTo(tree, tree.best)} />
          </div>
          <p class="legend">
            {(["best", "kept", "ended", "pruned", "hopeless"] as const).map((fate) => (
              <span key={fate} class={fate}>
                {t.fates[fate]}
              </span>
            ))}
          </p>
        </>
      )}
    </section>
  );
}

/** The numbers of the nodes from the first to this one. */
function pathTo({ nodes }: BeamTree, last: number): ReadonlySet<number> {
  const path = new Set<number>();
  for (let at = last; at !== -1; at = nodes[at]!.parent) path.add(at);
  return path;
}

interface BranchesProps {
  readonly state: State;
  readonly tree: BeamTree;
  readonly parent: number;
  readonly path: ReadonlySet<number>;
}

/** What follows a node, the most probable first. */
function Branches({ state, tree, parent, path }: BranchesProps) {
  const children = tree.nodes.flatMap((node, number) => (node.parent === parent ? [{ node, number }] : []));
  if (children.length === 0) return null;
  return (
    <ul>
      {children.map(({ node, number }) => {
        const { class: lit, ...light } = litWith(
          state,
          placeInTranslation(state.walk.value!, node.step, node.id),
        );
        return (
          <li key={number}>
            <span {...light} class={`${path.has(number) ? "best" : node.fate} ${lit}`} title={titleOf(node)}>
              {node.text} <small>{percent(node.probability)}</small>
            </span>
            <Branches state={state} tree={tree} parent={number} path={path} />
          </li>
        );
      })}
    </ul>
  );
}

function titleOf({ fate, logProbability, score }: BeamNode): string {
  const t = texts.value.decoding;
  return `${t.fates[fate]}; ln p ${shortNumber(logProbability)}, ${shortNumber(score)}`;
}
