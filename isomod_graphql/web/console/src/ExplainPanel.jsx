// The plan under an answer: how it was answered, what its arguments reveal, and per level SQL, times and decisions.
import { useSyncExternalStore } from 'react';
import { explanationStore } from './explanation.js';

export default function ExplainPanel() {
  const { wanted, answered, explanation } = useSyncExternalStore(explanationStore.subscribe, explanationStore.get);
  if (!wanted) return null;
  return (
    <details className="masking explain" open>
      <summary>{explanation ? titleOf(explanation) : 'Plan'}</summary>
      <div className="masking-scroll" tabIndex={0} role="region" aria-label="Plan">
        {explanation ? <Plan explanation={explanation} /> : <p role="status">{reasonOf(answered)}</p>}
      </div>
    </details>
  );
}

function titleOf({ answered, reason, points, microseconds }) {
  const why = reason ? ` (${readable(reason)})` : '';
  return `Plan: ${readable(answered)}${why}, ${points} points, ${times(microseconds)} in all`;
}

function reasonOf(answered) {
  return answered
    ? 'The server sent no plan with this answer. It does so for people whose role lets them see one.'
    : 'Run an operation to see its plan.';
}

function Plan({ explanation }) {
  return (
    <>
      {explanation.arguments.length > 0 && <Arguments rows={explanation.arguments} />}
      {explanation.levels.map((level, at) => (
        // The levels of one plan have no other name and do not change places.
        <Level key={at} level={level} number={at + 1} />
      ))}
    </>
  );
}

function Arguments({ rows }) {
  return (
    <table>
      <caption>Filters and sorts</caption>
      <Head columns={['Argument', 'Name', 'Reveals', 'Of every', 'May be used']} />
      <tbody>
        {rows.map((row) => (
          <tr key={`${row.coordinate} ${row.argument} ${row.name}`}>
            <th scope="row">{`${row.coordinate}(${row.argument})`}</th>
            <td>{row.name}</td>
            <td>{readable(row.category)}</td>
            <td>{readable(row.resource)}</td>
            <td>{row.readable ? 'yes' : 'no'}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Level({ level, number }) {
  const spent = level.microseconds;
  return (
    <section aria-label={`Level ${number}`}>
      <h2>{`${number}. ${level.path ? level.path.join('.') : 'rows of the plan'}`}</h2>
      <p>
        {level.batched ? 'One statement for all rows above. ' : ''}
        {spent && `SQL ${times(spent.sql)}, rows ${times(spent.rows)}, projection ${times(spent.projection)}.`}
      </p>
      {level.statements.map((statement) => (
        <details key={statement.rows} className="explain-sql">
          <summary>{`SQL for ${statement.rows}, from ${statement.tables.join(', ')}`}</summary>
          <pre tabIndex={0}>{statement.sql}</pre>
          <p>{statement.parameters.map((name, at) => `$${at + 1} ${name}`).join(', ') || 'No parameters.'}</p>
        </details>
      ))}
      {level.parts.map((part, at) => (
        <Part key={at} part={part} />
      ))}
    </section>
  );
}

function Part({ part }) {
  const fields = [...new Map(part.coordinates.map((field) => [field.coordinate, field])).values()];
  return (
    <table>
      <caption>{`${readable(part.entity)}${part.joined ? ', joined' : ''}: ${asked(part.facts)}`}</caption>
      <Head columns={['Field', 'Category', 'Shown', 'As', 'Reason', 'When']} />
      <tbody>
        {fields.flatMap((field) =>
          field.possible.map((may) => (
            <tr key={`${field.coordinate} ${may.level} ${may.mask} ${may.reason}`}>
              <th scope="row">{field.coordinate}</th>
              <td>{readable(field.category)}</td>
              <td>{readable(may.level)}</td>
              <td>{readable(may.mask)}</td>
              <td>{readable(may.reason)}</td>
              <td>{may.when.map((group) => group.map(readable).join(' and ')).join('\nor ') || 'always'}</td>
            </tr>
          )),
        )}
      </tbody>
    </table>
  );
}

function Head({ columns }) {
  return (
    <thead>
      <tr>
        {columns.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

function asked({ slots, relations, flags, persons, actions = [] }) {
  const facts = [
    ...Object.entries(slots).map(([slot, reach]) => `${slot} reaches ${readable(reach)}`),
    ...relations.map((relation) => `tie ${readable(relation)}`),
    ...flags.map((subject) => `flags of ${subject}`),
    ...persons.map((person) => `whether ${person} is the viewer`),
    ...actions.map((action) => `whether ${action} may be taken`),
  ];
  return facts.join('; ') || 'nothing is asked of a row';
}

function times(microseconds) {
  return microseconds === null ? 'not timed' : `${microseconds.toLocaleString('en')} µs`;
}

function readable(word) {
  return String(word ?? '').toLowerCase().replaceAll('_', ' ');
}
