// The signed-in session of this page: keeps the CSRF token in memory only, and tells listeners when the session ends.
import { MEMBERS_BY_NAME, SIGN_IN, SIGN_OUT, START_VIEW_AS, STEP_UP, VIEWER } from './operations.js';
import { viewAsHeaders, viewAsStore } from './viewAs.js';

export const GRAPHQL_PATH = '/graphql';
const SESSION_PATH = '/console/session';

// The second one means that another tab has signed in since: its token is not ours.
const SESSION_IS_OVER = new Set(['UNAUTHENTICATED', 'CSRF_TOKEN_INVALID']);

let csrfToken = null;
const atTheEnd = new Set();
const atStepUp = new Set();

/** Calls the listener when the server no longer knows the session; returns how to stop. */
export function onSessionEnd(listener) {
  atTheEnd.add(listener);
  return () => atTheEnd.delete(listener);
}

/** Calls the listener when an operation was refused for want of a fresh proof; returns how to stop. */
export function onStepUpNeeded(listener) {
  atStepUp.add(listener);
  return () => atStepUp.delete(listener);
}

export function sessionHeaders() {
  return csrfToken === null ? {} : { 'X-CSRF-Token': csrfToken };
}

/** Like fetch, for /graphql: adds the token, takes a renewed one, and notices what the server wants of the session.
 * As another member asks the editor alone: what the console asks for itself (`own`) is asked by who is signed in. */
export async function sessionFetch(input, { own = false, ...init } = {}) {
  const sent = csrfToken;
  const asking = own ? {} : viewAsHeaders();
  const headers = { ...Object.fromEntries(new Headers(init.headers)), ...sessionHeaders(), ...asking };
  const response = await fetch(input, { ...init, headers, credentials: 'same-origin', cache: 'no-store' });
  if (sent !== null && sent === csrfToken) heed(response.status, await bodyOf(response));
  return response;
}

async function bodyOf(response) {
  if (!/json/.test(response.headers.get('Content-Type') ?? '')) return null;
  return response.clone().json().catch(() => null);
}

function heed(status, body) {
  const codes = (body?.errors ?? []).map((error) => error?.extensions?.code);
  const renewed = Object.values(body?.data ?? {}).find((payload) => typeof payload?.csrfToken === 'string');
  if (renewed) csrfToken = renewed.csrfToken;
  if (status === 401 || codes.some((code) => SESSION_IS_OVER.has(code))) {
    csrfToken = null;
    atTheEnd.forEach((listener) => listener());
  } else if (codes.includes('VIEW_AS_ENDED')) {
    viewAsStore.end();
  } else if (codes.includes('STEP_UP_REQUIRED')) {
    atStepUp.forEach((listener) => listener());
  }
}

/** The data of an operation of the console itself. Throws an Error with the message of the first refusal. */
export async function ask(query, variables) {
  const response = await sessionFetch(GRAPHQL_PATH, {
    method: 'POST',
    own: true,
    headers: {
      'Content-Type': 'application/json',
      Accept: 'application/graphql-response+json, application/json;q=0.9',
    },
    body: JSON.stringify({ query, variables }),
  });
  const body = await response.json().catch(() => ({}));
  if (body.data && !body.errors?.length) return body.data;
  throw new Error(body.errors?.[0]?.message ?? `The server answered with status ${response.status}.`);
}

/** The viewer of the cookie's session, or null when nobody is signed in. */
export async function restore() {
  const response = await fetch(SESSION_PATH, { credentials: 'same-origin', cache: 'no-store' });
  if (!response.ok) return null;
  const body = await response.json();
  if (!body.csrfToken) return null;
  csrfToken = body.csrfToken;
  return loadViewer();
}

export async function signIn(input) {
  const { signIn: payload } = await ask(SIGN_IN, { input });
  if (!payload.csrfToken) throw new Error(payload.userErrors?.[0]?.message ?? 'The sign-in was refused.');
  csrfToken = payload.csrfToken;
  return loadViewer();
}

/** A fresh proof, valid for ten minutes; the session goes on under a new token. */
export async function stepUp(password) {
  const { stepUp: payload } = await ask(STEP_UP, { input: { password } });
  if (!payload.csrfToken) {
    throw new Error('This is not your password, or there were too many attempts. Wait a moment and try again.');
  }
  csrfToken = payload.csrfToken;
}

/** Active members whose names begin so, by name. */
export async function people(start) {
  const { users } = await ask(MEMBERS_BY_NAME, { start });
  return users.nodes;
}

/** From now on the editor asks as this person. */
export async function startViewAs(person, password) {
  await stepUp(password);
  const { startViewAs: payload } = await ask(START_VIEW_AS, { input: { userId: person.id } });
  if (!payload.ticket) throw new Error(payload.userErrors?.[0]?.message ?? 'This was refused.');
  viewAsStore.begin({ ticket: payload.ticket, until: payload.until, id: person.id, name: person.displayName });
}

export async function signOut() {
  await ask(SIGN_OUT);
  viewAsStore.leave();
  csrfToken = null;
}

async function loadViewer() {
  const { viewer, organisation, viewAs, asks } = await ask(VIEWER);
  return viewer && { ...viewer, organisation, mayViewAs: viewAs !== null, asks: asks.fields.map(({ name }) => name) };
}
