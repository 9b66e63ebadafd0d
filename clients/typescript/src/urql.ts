// An exchange for urql that puts the masking list on every result, those of a normalised cache included.
import { createRequest } from '@urql/core';
import type {
  AnyVariables,
  Client,
  DocumentInput,
  Exchange,
  GraphQLRequest,
  OperationResult,
  OperationResultSource,
} from '@urql/core';
import { map, pipe } from 'wonka';

import { maskingOf } from './masking.js';
import type { Masking, Wish } from './masking.js';
import { Recent } from './recent.js';

const MOST = 500;

/** Stands before every cache: `exchanges: [maskingExchange, cacheExchange, fetchExchange]`. */
export const maskingExchange: Exchange = ({ forward }) => {
  const told = new Recent<Masking>(MOST);

  function tell(result: OperationResult): OperationResult {
    const { key, kind, context } = result.operation;
    const masking = maskingOf(result);
    if (kind !== 'query') return result;
    if (context.meta?.cacheOutcome !== 'hit') {
      // What has no data leaves the data of an earlier answer where it is, and with it that answer's list.
      if (result.data) told.set(key, masking);
      return result;
    }
    const latest = masking ?? told.get(key);
    return latest === masking ? result : { ...result, extensions: { ...result.extensions, masking: latest } };
  }

  return (operations) => pipe(operations, forward, map(tell));
};

/** The request with a wish. It has a key of its own, so that no cache and no request under way answers in its place. */
export function wishing<Data, Variables extends AnyVariables>(
  request: GraphQLRequest<Data, Variables>,
  wish: Wish,
): GraphQLRequest<Data, Variables> {
  const extensions = { ...request.extensions, masking: wish };
  return { ...request, key: keyed(request.key, JSON.stringify(wish)), extensions };
}

/** A query with a wish, answered by the server. */
export function queryWith<Data = unknown, Variables extends AnyVariables = AnyVariables>(
  client: Client,
  wish: Wish,
  query: DocumentInput<Data, Variables>,
  variables: Variables,
): OperationResultSource<OperationResult<Data, Variables>> {
  return client.executeQuery(wishing(createRequest(query, variables), wish), { requestPolicy: 'network-only' });
}

/** What would be masked, without a value: undefined where the server gave no list, because the request failed. */
export async function foretell<Data = unknown, Variables extends AnyVariables = AnyVariables>(
  client: Client,
  query: DocumentInput<Data, Variables>,
  variables: Variables,
): Promise<Masking | undefined> {
  return maskingOf(await queryWith(client, { dryRun: true }, query, variables).toPromise());
}

function keyed(key: number, text: string): number {
  let mixed = key;
  for (let at = 0; at < text.length; at += 1) mixed = Math.imul(mixed, 33) ^ text.charCodeAt(at);
  return mixed >>> 0;
}
