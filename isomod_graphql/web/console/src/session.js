// The signed-in session of this page: keeps the CSRF token in memory only, and tells listeners when the session ends.
import { SIGN_IN, SIGN_OUT, VIEWER } from './operations.js';

export const GRAPHQL_PATH = '/graphql';
const SESSION_PATH = '/console/session';

// The second one means that another tab has signed in since: its token is not ours.
const SESSION_IS_OVER = new Set(['UNAUTHENTICATED', 'CSRF_TOKEN_INVALID']);

let csrfToken = null;
const listeners = new Set();

export class SignInRefused extends Error {
  constructor({ code, message, organisations = [] }) {
    super(message);
    this.code = code;
    this.organisations = organisations;
  }
}

export function onSessionEnd(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function sessionHeaders() {
  return csrfToken === null ? {} : { 'X-CSRF-Token': csrfToken };
}

/** Like fetch, for /graphql: adds the token, and notices when the server no longer knows the session. */
export async function sessionFetch(input, init = {}) {
  const hadToken = csrfToken;
  const headers = { ...Object.fromEntries(new Headers(init.headers)), ...sessionHeaders() };
  const response = await fetch(input, { ...init, headers, credentials: 'same-origin', cache: 'no-store' });
  if (hadToken !== null && hadToken === csrfToken && (await saysSignedOut(response))) {
    csrfToken = null;
    listeners.forEach((listener) => listener());
  }
  return response;
}

async function saysSignedOut(response) {
  if (response.status === 401) return true;
  if (!/json/.test(response.headers.get('Content-Type') ?? '')) return false;
  const body = await response.clone().json().catch(() => null);
  return Boolean(body?.errors?.some((error) => SESSION_IS_OVER.has(error?.extensions?.code)));
}

async function execute(query, variables) {
  const response = await sessionFetch(GRAPHQL_PATH, {
    method: 'POST',
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
  const { signIn: payload } = await execute(SIGN_IN, { input });
  if (!payload.csrfToken) {
    const refusal = payload.userErrors?.[0] ?? { code: 'UNKNOWN', message: 'The sign-in was refused.' };
    throw new SignInRefused({ ...refusal, organisations: payload.organisations ?? [] });
  }
  csrfToken = payload.csrfToken;
  return loadViewer();
}

export async function signOut() {
  await execute(SIGN_OUT);
  csrfToken = null;
}

async function loadViewer() {
  const { viewer, organisation } = await execute(VIEWER);
  return viewer && { ...viewer, organisation };
}
