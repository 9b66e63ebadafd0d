// The question "why is this shown so, or not at all?": what it begins with, and how it is put to the server.
import { EXPLAIN_ACCESS, FIELDS_OF_POLICY, PEOPLE } from './operations.js';
import { ask } from './session.js';

const MOST_PAGES = 10;
const CLOSED = { question: null };

let current = CLOSED;
const listeners = new Set();

function change(changes) {
  current = { ...current, ...changes };
  listeners.forEach((listener) => listener());
}

export const whyStore = {
  subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  get: () => current,
  /** Opens the dialog; what is known already stands in it: `viewerId`, `coordinate`, `objects` ({id, label}). */
  open: (question = {}) => change({ question }),
  close: () => change({ question: null }),
};

/** Everybody who can be chosen by name, as this caller sees them. */
export async function loadPeople() {
  const people = [];
  let after = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const { users } = await ask(PEOPLE, { after });
    people.push(...users.nodes);
    if (!users.pageInfo.hasNextPage) break;
    after = users.pageInfo.endCursor;
  }
  return people
    .map((person) => ({ id: person.id, name: person.displayName, label: labelOf(person) }))
    .sort((one, other) => one.label.localeCompare(other.label));
}

// Two people may have one name, and somebody may be a mask to the caller.
function labelOf({ displayName, email, pseudonym }) {
  return `${displayName} · ${email && !email.includes('•') ? email : pseudonym.slice(0, 8)}`;
}

/** Every field that the policy knows, by its type; people first. */
export async function loadFields() {
  const { policyMatrix } = await ask(FIELDS_OF_POLICY);
  const groups = new Map([['User', []], ['Contact', []]]);
  for (const { coordinate } of policyMatrix.fields) {
    const [type, field] = coordinate.split('.');
    if (field !== 'id' && field !== 'viewerAccess') groups.set(type, [...(groups.get(type) ?? []), coordinate]);
  }
  return [...groups];
}

export async function explain(viewerId, objectId, coordinate) {
  const field = coordinate.split('.').at(-1);
  const { explainAccess } = await ask(EXPLAIN_ACCESS, { viewerId, objectId, field });
  return explainAccess;
}
