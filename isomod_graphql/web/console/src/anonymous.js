// What the account pages send: as nobody, without the cookie of whoever is signed in to this browser.
import { GRAPHQL_PATH } from './session.js';

export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** The token of a letter's link, which then leaves the address bar and the history; null without one. */
export function takeToken() {
  const token = new URLSearchParams(window.location.hash.slice(1)).get('token');
  window.history.replaceState(null, '', window.location.pathname);
  return token;
}

/** Runs a mutation whose payload says userErrors. Throws Refused with the code of the first. */
export async function carryOut(field, query, input) {
  const response = await fetch(GRAPHQL_PATH, {
    method: 'POST',
    credentials: 'omit',
    cache: 'no-store',
    headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
    body: JSON.stringify({ query, variables: { input } }),
  }).catch(() => null);
  const body = await response?.json().catch(() => null);
  const payload = body?.data?.[field];
  if (!payload) throw new Refused(body?.errors?.[0]?.extensions?.code ?? 'UNREACHABLE', body?.errors?.[0]?.message);
  if (payload.userErrors.length) throw new Refused(payload.userErrors[0].code, payload.userErrors[0].message);
}
