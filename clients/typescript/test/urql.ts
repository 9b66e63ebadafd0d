// urql against a running server: the list on fresh and on cached results, and what becomes of wishes.
import { cacheExchange, createClient, fetchExchange, gql, makeResult } from '@urql/core';
import type { Exchange, Operation } from '@urql/core';
import { filter, map, merge, pipe, share, tap } from 'wonka';

import { isMasked, MASKED_ANSWER_REJECTED, maskingOf } from '../src/index.js';
import { foretell, maskingExchange, queryWith } from '../src/urql.js';
import { masks, say, server } from './people.js';

interface People {
  users: { nodes: { id: string; name: string | null; email: string | null }[] };
}

const PEOPLE = gql<People, { first: number }>`
  query People($first: PageSize!) {
    users(first: $first) {
      nodes {
        id
        name
        email
      }
    }
  }
`;

let requests = 0;
const counting: Exchange = ({ forward }) => (operations) =>
  pipe(operations, tap(({ kind }) => { if (kind === 'query') requests += 1; }), forward);

/** Keeps data without extensions, as a normalised cache does. */
const normalised: Exchange = ({ forward }) => (operations) => {
  const kept = new Map<number, unknown>();
  const shared = share(operations);
  const isKept = (operation: Operation): boolean =>
    operation.kind === 'query' && operation.context.requestPolicy !== 'network-only' && kept.has(operation.key);
  const hits = pipe(
    shared,
    filter(isKept),
    map((operation) => {
      const context = { ...operation.context, meta: { ...operation.context.meta, cacheOutcome: 'hit' as const } };
      return makeResult({ ...operation, context }, { data: kept.get(operation.key) as object });
    }),
  );
  const misses = pipe(
    shared,
    filter((operation) => !isKept(operation)),
    forward,
    tap(({ operation, data }) => { if (data) kept.set(operation.key, data); }),
  );
  return merge([hits, misses]);
};

for (const [name, cache] of [['document', cacheExchange], ['normalised', normalised]] as const) {
  requests = 0;
  const client = createClient({
    url: server.url,
    fetchOptions: { headers: server.headers },
    preferGetMethod: false,
    exchanges: [maskingExchange, cache, counting, fetchExchange],
  });
  const fresh = await client.query(PEOPLE, { first: 5 });
  say(`${name} fresh`, masks(fresh, 'name', 'email'));
  say(`${name} email`, isMasked(fresh, ['users', 'nodes', 0, 'email']));

  const cached = await client.query(PEOPLE, { first: 5 });
  say(`${name} cached`, masks(cached, 'name', 'email'));
  say(`${name} requests`, requests);

  const rejected = await queryWith(client, { onMasked: 'REJECT' }, PEOPLE, { first: 5 }).toPromise();
  say(`${name} rejected`, {
    data: rejected.data ?? null,
    code: rejected.error?.graphQLErrors.map((error) => error.extensions?.['code'] === MASKED_ANSWER_REJECTED),
  });
  const dry = await foretell(client, PEOPLE, { first: 5 });
  say(`${name} dry`, dry?.fields.map((field) => `${field.coordinate} ${field.mask} ${field.rows}`));
  const again = await client.query(PEOPLE, { first: 5 });
  say(`${name} after wishes`, [masks(again, 'name'), maskingOf(again)?.dryRun]);
}
