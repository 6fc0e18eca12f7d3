import { useEffect, useRef, useState } from "preact/hooks";
import type { TokenizerKind } from "../../text/tokenizer.ts";
import type { Changeable, LessonEvent, Plan, WorkshopFacts } from "../protocol.ts";
import { App, PageChoices } from "./app.tsx";
import type { Client } from "./client.ts";
import { shortNumber, thousands } from "./numbers.ts";
import { Curves } from "./parts/curves.tsx";
import { MatrixView } from "./parts/matrix.tsx";
import { Scroll } from "./parts/scroll.tsx";
import { createState, type State } from "./state.ts";
import type { Texts } from "./texts/english.ts";
import { texts } from "./texts/texts.ts";

/** The task that the page begins with is learned in a minute. */
const FIRST: Plan = {
  task: "reverse",
  tokenizer: "word",
  model: { dModel: 64, nHeads: 4, dFF: 128, nEncoderLayers: 1, nDecoderLayers: 1, norm: "pre" },
  learningRate: 0.005,
  dropout: 0,
  labelSmoothing: 0.1,
  batchTokens: 512,
  warmupSteps: 50,
  steps: 5000,
};

/** The tokens that suit a task. */
const TOKENIZERS: Readonly<Record<keyof Texts["playground"]["tasks"], TokenizerKind>> = {
  reverse: "word",
  copy: "word",
  sort: "word",
  dates: "char",
  "zh-en": "word",
};

/** What each size may be: another makes another model. */
const SIZES = {
  dModel: [16, 32, 64, 128],
  nHeads: [1, 2, 4, 8],
  dFF: [32, 64, 128, 256, 512],
  nEncoderLayers: [1, 2, 3],
  nDecoderLayers: [1, 2, 3],
} as const satisfies Partial<Record<keyof Plan["model"], readonly number[]>>;

/** What may be changed while it trains, and to what. */
const CHANGES = {
  learningRate: [0.0003, 0.001, 0.002, 0.005, 0.01],
  dropout: [0, 0.1, 0.2, 0.3],
  labelSmoothing: [0, 0.05, 0.1, 0.2],
  batchTokens: [128, 256, 512, 1024],
} as const satisfies Record<keyof Changeable, readonly number[]>;

type StepEvent = Extract<LessonEvent, { type: "step" }>;
type Validation = Extract<LessonEvent, { type: "validation" }>;
type AttentionEvent = Extract<LessonEvent, { type: "attention" }>;

/** What has been seen of the training under way. */
interface Seen {
  readonly steps: readonly StepEvent[];
  readonly validations: readonly Validation[];
  readonly attention: AttentionEvent | undefined;
}

const NOTHING: Seen = { steps: [], validations: [], attention: undefined };

/** Training in the page: choose, press play, watch; and look inside what was trained. */
export function Playground({ client }: { readonly client: Client }) {
  const t = texts.value.playground;
  const [plan, setPlan] = useState(FIRST);
  const [facts, setFacts] = useState<WorkshopFacts>();
  const [seen, setSeen] = useState(NOTHING);
  const [isPlaying, setPlaying] = useState(false);
  const [run, setRun] = useState(0);
  const [note, setNote] = useState<string>();
  const [inside, setInside] = useState<State>();
  /** Events come faster than the page needs to be drawn. */
  const newest = useRef(NOTHING);
  useEffect(() => {
    client.onEvent = (event) => {
      newest.current = withEvent(newest.current, event);
      if (event.type === "finished") {
        setPlaying(false);
        setNote(t.finished);
      }
      if (event.type === "failed") {
        setPlaying(false);
        setNote(event.error);
      }
    };
    let frame = requestAnimationFrame(function show() {
      setSeen(newest.current);
      frame = requestAnimationFrame(show);
    });
    return () => cancelAnimationFrame(frame);
  }, [client]);
  useEffect(() => {
    newest.current = NOTHING;
    setPlaying(false);
    setNote(undefined);
    client.ask("begin", plan).then(setFacts, (error: Error) => setNote(error.message));
  }, [client, plan.task, JSON.stringify(plan.model), run]);
  const go = (steps: number): void => {
    void client.ask("go", { steps });
    setPlaying(steps > 1);
  };
  const hold = (): void => {
    void client.ask("hold", null);
    setPlaying(false);
  };
  const change = (changed: Partial<Changeable>): void => {
    const { learningRate, dropout, labelSmoothing, batchTokens } = { ...plan, ...changed };
    setPlan({ ...plan, ...changed });
    client
      .ask("change", { learningRate, dropout, labelSmoothing, batchTokens })
      .catch((error: Error) => setNote(error.message));
  };
  const open = async (model: ArrayBuffer, sentence?: string): Promise<void> => {
    hold();
    const loaded = await client.ask("load", { model }, [model]);
    setInside(createState(client, loaded, sentence ?? loaded.sourceVocabulary.slice(3, 8).join(" ")));
  };
  const take = async (): Promise<void> => {
    const bytes = await client.ask("checkpoint", null);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes]));
    link.download = `${plan.task}.safetensors`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  if (inside !== undefined) {
    return (
      <>
        <p class="back">
          <button type="button" onClick={() => setInside(undefined)}>
            {t.back}
          </button>
        </p>
        <App state={inside} />
      </>
    );
  }
  const last = seen.steps.at(-1);
  const measured = seen.validations.at(-1);
  const { attention } = seen;
  return (
    <>
      <header>
        <div class="title">
          <h1>{t.title}</h1>
          <p class="quiet">{t.about}</p>
        </div>
        <div class="choices">
          <PageChoices />
        </div>
      </header>
      <main class="stackwise playground">
        <fieldset>
          <legend>{t.anew}</legend>
          <div class="choices">
            <label>
              {t.task}
              <select
                value={plan.task}
                onChange={({ currentTarget }) => {
                  const task = currentTarget.value as keyof typeof TOKENIZERS;
                  setPlan({ ...plan, task, tokenizer: TOKENIZERS[task] });
                }}
              >
                {Object.entries(t.tasks).map(([name, label]) => (
                  <option key={name} value={name}>
                    {label}
                  </option>
                ))}
              </select>
            </label>
            {(Object.keys(SIZES) as (keyof typeof SIZES)[]).map((size) => (
              <Choice
                key={size}
                label={t.sizes[size]}
                value={plan.model[size]}
                choices={SIZES[size]}
                onChoose={(value) => setPlan({ ...plan, model: { ...plan.model, [size]: value } })}
              />
            ))}
          </div>
        </fieldset>
        <fieldset>
          <legend>{t.meanwhile}</legend>
          <div class="choices">
            {(Object.keys(CHANGES) as (keyof typeof CHANGES)[]).map((name) => (
              <Choice
                key={name}
                label={t.changes[name]}
                value={plan[name]}
                choices={CHANGES[name]}
                onChoose={(value) => change({ [name]: value })}
              />
            ))}
          </div>
        </fieldset>
        <fieldset class="choices">
          <button
            type="button"
            class="primary"
            onClick={() => (isPlaying ? hold() : go(Number.MAX_SAFE_INTEGER))}
          >
            {isPlaying ? t.pause : t.play}
          </button>
          <button type="button" disabled={isPlaying} onClick={() => go(1)}>
            {t.step}
          </button>
          <button type="button" onClick={() => setRun(run + 1)}>
            {t.again}
          </button>
          <button type="button" disabled={last === undefined} onClick={() => void take()}>
            {t.take}
          </button>
          <button
            type="button"
            disabled={last === undefined}
            onClick={() =>
              void client.ask("checkpoint", null).then((bytes) => open(bytes, facts?.samples[0]?.source))
            }
          >
            {t.explore}
          </button>
          <label class="file">
            {t.drop}
            <input
              type="file"
              accept=".safetensors"
              onChange={({ currentTarget: { files } }) => {
                const [file] = files ?? [];
                if (file !== undefined)
                  file
                    .arrayBuffer()
                    .then((bytes) => open(bytes))
                    .catch((error: Error) => setNote(error.message));
              }}
            />
          </label>
        </fieldset>
        {facts !== undefined && (
          <p class="quiet">
            {t.facts(thousands(facts.pairs), thousands(facts.parameters), facts.kernels, facts.threads)}
          </p>
        )}
        {note !== undefined && <p role="alert">{note}</p>}
        <p class="now" data-step={last?.step ?? 0} data-exact={measured?.exactMatch ?? 0}>
          {last === undefined
            ? "\u00a0"
            : t.now(
                thousands(last.step),
                shortNumber(last.loss),
                measured === undefined ? "–" : measured.exactMatch.toFixed(0),
                thousands(Math.round(last.tokensPerSecond)),
              )}
        </p>
        <div class="row">
          <Curves
            label={t.loss}
            lines={[
              { name: t.loss, points: seen.steps.map(({ step, loss }) => [step, loss]) },
              { name: t.validationLoss, points: seen.validations.map(({ step, loss }) => [step, loss]) },
            ]}
          />
          <Curves
            label={t.exactMatch}
            most={100}
            lines={[
              {
                name: t.exactMatch,
                points: seen.validations.map(({ step, exactMatch }) => [step, exactMatch]),
              },
            ]}
          />
        </div>
        <Scroll label={t.model}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.source}</th>
                <th scope="col">{t.target}</th>
                <th scope="col">{t.model}</th>
              </tr>
            </thead>
            <tbody>
              {facts?.samples.map(({ source, target }, i) => {
                const found = measured?.translations[i];
                return (
                  <tr key={source}>
                    <td>{source}</td>
                    <td>{target}</td>
                    <td class={found === target ? "right" : "wrong"}>{found ?? "–"}</td>
                  </tr>
                );
              })}
            </tbody>
          </table>
        </Scroll>
        {attention !== undefined && (
          <MatrixView
            label={t.attention(thousands(attention.step))}
            matrix={attention.weights}
            rows={{ labels: attention.rows }}
            columns={{ labels: attention.columns }}
            most={1}
            cell={[24, 22]}
          />
        )}
      </main>
    </>
  );
}

function withEvent(seen: Seen, event: LessonEvent): Seen {
  switch (event.type) {
    case "step":
      return { ...seen, steps: [...seen.steps, event] };
    case "validation":
      return { ...seen, validations: [...seen.validations, event] };
    case "attention":
      return { ...seen, attention: event };
    default:
      return seen;
  }
}

interface ChoiceProps {
  readonly label: string;
  readonly value: number;
  readonly choices: readonly number[];
  readonly onChoose: (value: number) => void;
}

function Choice({ label, value, choices, onChoose }: ChoiceProps) {
  return (
    <label>
      {label}
      <select value={value} onChange={({ currentTarget }) => onChoose(Number(currentTarget.value))}>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice}
          </option>
        ))}
      </select>
    </label>
  );
}
