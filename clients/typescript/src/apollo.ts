// A link for Apollo Client that hands the masking list to whoever asked; the client itself leaves extensions behind.
import { ApolloLink } from '@apollo/client';
import type { ApolloClient, DocumentNode, OperationVariables } from '@apollo/client';
import { Kind, print, valueFromASTUntyped } from 'graphql';
import type { Observable } from 'rxjs';
import { tap } from 'rxjs';

import { maskingOf } from './masking.js';
import type { Answer, Masking, Wish } from './masking.js';
import { Recent } from './recent.js';

const MOST = 500;

declare module '@apollo/client' {
  interface DefaultContext {
    /** What this request wants of masks. */
    masking?: Wish;
    /** Is told the masking list of each answer from the server; undefined where nothing was masked. */
    onMasking?: (masking: Masking | undefined) => void;
  }
}

/** Goes before the link that speaks HTTP: `ApolloLink.from([new MaskingLink(), new HttpLink({ uri })])`. */
export class MaskingLink extends ApolloLink {
  readonly #told = new Recent<Masking>(MOST);

  override request(
    operation: ApolloLink.Operation,
    forward: ApolloLink.ForwardFunction,
  ): Observable<ApolloLink.Result> {
    const { masking: wish, onMasking } = operation.getContext();
    if (wish !== undefined) {
      operation.extensions['masking'] = wish;
      operation.setContext(({ http }) => ({ http: { ...http, includeExtensions: true } }));
    }
    return forward(operation).pipe(
      tap((result) => {
        const answer = result as Answer;
        const masking = maskingOf(answer);
        // What has no data leaves the data of an earlier answer where it is, and with it that answer's list.
        if (answer.data) this.#told.set(keyOf(operation.query, operation.variables), masking);
        onMasking?.(masking);
      }),
    );
  }

  /**
   * The list of the latest answer from the server to this operation; undefined where nothing was masked, and where
   * everything came out of the cache. Together with the data of that operation it is what `isMasked` takes:
   * `isMasked({ data, extensions: { masking: link.of(query, variables) } }, path)`.
   */
  of(query: DocumentNode, variables: OperationVariables = {}): Masking | undefined {
    return this.#told.get(keyOf(query, variables));
  }

  /** What would be masked, without a value: undefined where the server gave no list, because the request failed. */
  async foretell(
    client: ApolloClient,
    query: DocumentNode,
    variables: OperationVariables = {},
  ): Promise<Masking | undefined> {
    let told: Masking | undefined;
    const asked = wishing({ dryRun: true });
    await client.query({
      query,
      variables,
      ...asked,
      context: { ...asked.context, onMasking: (masking) => { told = masking; } },
    });
    return told;
  }

  /** Forgets every list, as at a sign-out: `client.onResetStore(async () => link.forget())`. */
  forget(): void {
    this.#told.clear();
  }
}

/** Options of a query with a wish: it goes to the server, alone, and its answer into no cache. */
export function wishing(wish: Wish): {
  fetchPolicy: 'no-cache';
  context: { masking: Wish; queryDeduplication: false };
} {
  return { fetchPolicy: 'no-cache', context: { masking: wish, queryDeduplication: false } };
}

/** The client adds names of types to a document and defaults to its variables; both are the same operation. */
function keyOf(query: DocumentNode, variables: OperationVariables): string {
  const operation = query.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  const name = operation?.name?.value ?? print(query).replace(/\b__typename\b/g, '').replace(/\s+/g, ' ');
  const given: Record<string, unknown> = {};
  for (const { variable, defaultValue } of operation?.variableDefinitions ?? []) {
    if (defaultValue !== undefined) given[variable.name.value] = valueFromASTUntyped(defaultValue);
  }
  return `${name} ${canonical({ ...given, ...variables })}`;
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  );
}
