// The dialog that answers "why can this person not see this?": who, whose, which field; then a sentence and the chain of rules.
import { useEffect, useId, useRef, useState } from 'react';
import './why.css';
import { explain, loadFields, loadPeople } from './why.js';

const SHOWN = { FULL: 'Shown in full', MASKED: 'Masked', HIDDEN: 'Not shown' };
const EFFECT = { RAISED: 'Shows more', LOWERED: 'Shows less', LEFT: 'Changes nothing' };
const SIGN = { RAISED: '↑', LOWERED: '↓', LEFT: '·' };
const START = 'User.phone';
const LOOKS_LIKE_AN_ID = /^[\w-]{20,}$/;

export default function Why({ question, onClose }) {
  const dialog = useRef(null);
  const [known, setKnown] = useState(null);
  const [problem, setProblem] = useState(null);

  // As a modal dialog it keeps the focus inside and gives it back at the end.
  useEffect(() => {
    const element = dialog.current;
    element.showModal();
    return () => element.close();
  }, []);

  useEffect(() => {
    Promise.all([loadPeople(), loadFields()])
      .then(([people, fields]) => setKnown({ people, fields }))
      .catch((error) => setProblem(error.message));
  }, []);

  return (
    <dialog ref={dialog} className="why" aria-labelledby="why-title" onCancel={onClose}>
      <header className="why-head">
        <h2 id="why-title">Who sees what, and why</h2>
        <button type="button" className="console-button" onClick={onClose}>
          Close
        </button>
      </header>
      {problem && <p role="alert" className="sign-in-problem">{problem}</p>}
      {known ? <Question question={question} known={known} /> : !problem && <p role="status">Loading…</p>}
    </dialog>
  );
}

function Question({ question, known }) {
  const [viewer, setViewer] = useState(() => labelOf(question.viewerId, known.people));
  const [object, setObject] = useState(() => firstOf(question.objects, known.people));
  const [coordinate, setCoordinate] = useState(question.coordinate ?? START);
  const [answer, setAnswer] = useState(null);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const objects = [...(question.objects ?? []).map((one) => ({ ...one, label: `${one.label} · ${one.id.slice(-6)}` })),
    ...known.people];

  async function put() {
    setBusy(true);
    setProblem(null);
    setAnswer(null);
    try {
      setAnswer(await explain(idOf(viewer, known.people, 'Who is looking?'), idOf(object, objects, 'At whom, or at what?'), coordinate));
    } catch (error) {
      setProblem(error.message);
    } finally {
      setBusy(false);
    }
  }

  // Asked from the list of masked fields, all of it may be known: then the click was the question.
  const complete = Boolean(question.viewerId && question.objects?.length);
  useEffect(() => {
    if (complete) put();
  }, []);

  function submit(event) {
    event.preventDefault();
    put();
  }

  return (
    <>
      <form className="why-form" onSubmit={submit}>
        <Choice label="Who is looking?" hint="A name, or the id of a user, a token or a program." value={viewer}
          onChange={setViewer} options={known.people} autoFocus={!complete} />
        <Choice label="At whom, or at what?" hint="A name, or the id of any object." value={object} onChange={setObject}
          options={objects} />
        <FieldChoice value={coordinate} onChange={setCoordinate} groups={known.fields} />
        <button type="submit" className="console-button console-button-main" disabled={busy} aria-busy={busy}>
          {busy ? 'Asking…' : 'Explain'}
        </button>
      </form>
      {question.objects?.length === 0 && (
        <p className="why-note">The answer holds no id beside this field: choose a name, or select <code>id</code> too.</p>
      )}
      {problem && <p role="alert" className="sign-in-problem">{problem}</p>}
      {answer && <Answer answer={answer} viewer={viewer} object={object} />}
    </>
  );
}

function Choice({ label, hint, value, onChange, options, autoFocus }) {
  const id = useId();
  return (
    <div className="sign-in-field">
      <label htmlFor={id}>{label}</label>
      <input id={id} list={`${id}-list`} value={value} required autoComplete="off" spellCheck={false}
        autoFocus={autoFocus}
        aria-describedby={`${id}-hint`} onChange={(event) => onChange(event.target.value)} />
      <datalist id={`${id}-list`}>
        {options.map((one) => (
          <option key={`${one.id} ${one.label}`} value={one.label} />
        ))}
      </datalist>
      <p id={`${id}-hint`} className="sign-in-hint">{hint}</p>
    </div>
  );
}

function FieldChoice({ value, onChange, groups }) {
  const id = useId();
  return (
    <div className="sign-in-field">
      <label htmlFor={id}>Which field?</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        {groups.map(([type, coordinates]) => (
          <optgroup key={type} label={type}>
            {coordinates.map((one) => (
              <option key={one} value={one}>{one}</option>
            ))}
          </optgroup>
        ))}
      </select>
      <p className="sign-in-hint">People are User or Contact.</p>
    </div>
  );
}

function Answer({ answer, viewer, object }) {
  const heading = useRef(null);
  // Whoever listens hears the sentence first.
  useEffect(() => heading.current?.focus(), [answer]);
  const who = answer.viewer?.displayName ?? viewer;
  const whose = answer.object?.displayName ?? object;
  return (
    <section className={`why-answer why-${answer.read.toLowerCase()}`} aria-labelledby="why-answer">
      <p className="why-badge">{SHOWN[answer.read]}{answer.read === 'MASKED' ? ` as ${readable(answer.mask)}` : ''}</p>
      <h3 id="why-answer" ref={heading} tabIndex={-1}>{sentence(answer, who, whose)}</h3>
      <p className="why-because">{answer.because}</p>
      {answer.remedies.length > 0 && (
        <>
          <h4>More would be shown if</h4>
          <ul>
            {answer.remedies.map((one) => (
              <li key={one.says}>
                {one.says} <span className="why-level">{SHOWN[one.level]}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <h4>Every rule, in order</h4>
      <ol className="why-steps">
        {answer.steps.map((step, at) => (
          // The rules of one answer have no other name and do not change places.
          <li key={at} className={`why-step why-step-${step.effect.toLowerCase()}`}>
            <span className="why-sign" aria-hidden="true">{SIGN[step.effect]}</span>
            <span>
              {step.says}
              <span className="why-level">{`${EFFECT[step.effect]} → ${SHOWN[step.level].toLowerCase()}`}</span>
            </span>
          </li>
        ))}
        {answer.steps.length === 0 && <li className="why-step">No rule speaks for this viewer.</li>}
      </ol>
      <p className="why-note">
        {answer.reason ? `The viewer is told the reason ${answer.reason}. ` : ''}
        {answer.privacyTold ? '' : 'Restriction, consent and erasure are told only to the person and to who oversees privacy. '}
        This question is on record. Policy {answer.policyVersion}, category {answer.category}.
      </p>
    </section>
  );
}

function sentence({ read, coordinate, object }, who, whose) {
  const field = coordinate.split('.').at(-1);
  const at = object?.displayName ? `${whose}’s ${words(field)}` : `${words(field)} of ${coordinate.split('.')[0]} ${whose}`;
  if (read === 'FULL') return `${who} sees ${at}.`;
  return read === 'MASKED' ? `${who} sees ${at} only masked.` : `${who} does not see ${at}.`;
}

/** `lastSeenAt` as `last seen at`. */
function words(name) {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function labelOf(id, people) {
  return people.find((one) => one.id === id)?.label ?? id ?? '';
}

function firstOf(objects, people) {
  if (!objects?.length) return '';
  const [first] = objects;
  return people.find((one) => one.id === first.id)?.label ?? `${first.label} · ${first.id.slice(-6)}`;
}

/** What was chosen, typed as an id, or typed as part of one name or address. Throws an Error where that is nobody's or several people's. */
function idOf(text, options, box) {
  const said = text.trim();
  const chosen = options.find((one) => one.label === said);
  if (chosen || LOOKS_LIKE_AN_ID.test(said)) return chosen?.id ?? said;
  const found = new Set(options.filter((one) => one.label.toLowerCase().includes(said.toLowerCase())).map((one) => one.id));
  if (found.size === 1) return [...found][0];
  throw new Error(`${box} ${found.size ? 'Several names hold' : 'No name holds'} “${said}”: choose one from the list.`);
}

function readable(word) {
  return String(word ?? '').toLowerCase().replaceAll('_', ' ');
}
