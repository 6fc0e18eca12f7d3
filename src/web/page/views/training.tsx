import { useEffect, useState } from "preact/hooks";
import type { Lesson } from "../../protocol.ts";
import { percent, shortNumber } from "../numbers.ts";
import { litWith, placeInTranslation } from "../parts/lighting.ts";
import { Scroll } from "../parts/scroll.tsx";
import { Slider } from "../parts/slider.tsx";
import type { State } from "../state.ts";
import { texts } from "../texts/texts.ts";

/** What the model would learn from the sentence and a translation of it. */
export function TrainingView({ state }: { readonly state: State }) {
  const t = texts.value.training;
  const source = state.source.value;
  const [target, setTarget] = useState<string>();
  const [smoothing, setSmoothing] = useState(0);
  const [lesson, setLesson] = useState<Lesson>();
  const walk = state.walk.value!;
  const wanted = target ?? walk.text;
  useEffect(() => {
    let current = true;
    void state.client
      .ask("lesson", { source, target: wanted, smoothing })
      .then((found) => current && setLesson(found));
    return () => {
      current = false;
    };
  }, [source, wanted, smoothing]);
  if (lesson === undefined) return null;
  const mean = lesson.steps.reduce((sum, { loss }) => sum + loss, 0) / lesson.steps.length;
  const most = Math.max(...lesson.gradients.map(({ norm }) => norm));
  return (
    <div class="stackwise">
      <p>{t.about}</p>
      <label class="wide">
        {t.target}
        <input value={wanted} onInput={({ currentTarget }) => setTarget(currentTarget.value)} />
      </label>
      <Slider
        label={t.smoothing}
        value={smoothing}
        min={0}
        max={0.3}
        step={0.05}
        digits={2}
        onChange={setSmoothing}
      />
      <Scroll label={texts.value.views.training.name}>
        <table class="lesson">
          <thead>
            <tr>
              {[t.reads, t.says, t.probability, t.loss, t.would].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {lesson.steps.map(({ label, loss, guess }, i) => (
              <tr key={i}>
                <td {...litWith(state, placeInTranslation(walk, i - 1, lesson.input[i]!.id))}>
                  {lesson.input[i]!.text}
                </td>
                <td {...litWith(state, placeInTranslation(walk, i, label.id))}>
                  <b>{label.text}</b>
                </td>
                <td>
                  <meter min={0} max={1} value={label.probability} aria-label={label.text} />{" "}
                  {percent(label.probability)}
                </td>
                <td>{shortNumber(loss)}</td>
                <td class={guess.id === label.id ? "right" : "wrong"}>
                  {guess.text} {guess.id === label.id ? "✓" : ""}
                </td>
              </tr>
            ))}
          </tbody>
          <tfoot>
            <tr>
              <th scope="row" colSpan={3}>
                {t.mean}
              </th>
              <td>{shortNumber(mean)}</td>
              <td />
            </tr>
          </tfoot>
        </table>
      </Scroll>
      <section>
        <h3>{t.gradients}</h3>
        <ol class="bars narrow">
          {lesson.gradients.map(({ name, norm }) => (
            <li key={name}>
              <code>{name}</code>
              <meter min={0} max={most} value={norm} aria-label={name} />
              <span>{shortNumber(norm)}</span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}
