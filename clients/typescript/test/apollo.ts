// Apollo Client against a running server: what the link tells of fresh and of cached answers, and what becomes of wishes.
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, gql, HttpLink, InMemoryCache } from '@apollo/client';
import type { TypedDocumentNode } from '@apollo/client';

import { MaskingLink, wishing } from '../src/apollo.js';
import { fieldsOf, isMasked, MASKED_ANSWER_REJECTED, mayWrite, readsInFull } from '../src/index.js';
import type { FieldAccess, Masking } from '../src/index.js';
import { masks, say, server } from './people.js';

interface People {
  users: { nodes: { id: string; name: string | null; email: string | null }[] };
}

interface Me {
  viewer: { phone: string | null; viewerAccess: FieldAccess<'User'>[] };
}

const PEOPLE: TypedDocumentNode<People, { first?: number }> = gql`
  query People($first: PageSize! = 5) {
    users(first: $first) {
      nodes {
        id
        name
        email
      }
    }
  }
`;
const NAMELESS: TypedDocumentNode<People> = gql`
  {
    users(first: 5) {
      nodes {
        email
      }
    }
  }
`;
const ME: TypedDocumentNode<Me, { fields: string[] }> = gql`
  query Me($fields: [String!]!) {
    viewer {
      id
      phone
      viewerAccess(fields: $fields) {
        field
        read
        write
        reason
      }
    }
  }
`;

const link = new MaskingLink();
const client = new ApolloClient({
  link: ApolloLink.from([link, new HttpLink({ uri: server.url, headers: server.headers })]),
  cache: new InMemoryCache(),
});

const heard: (Masking | undefined)[] = [];
const context = { onMasking: (masking: Masking | undefined) => heard.push(masking) };
const fresh = await client.query({ query: PEOPLE, variables: {}, context });
const told = link.of(PEOPLE);
const answer = { data: fresh.data, extensions: { masking: told } };
say('fresh', masks(answer, 'name', 'email'));
say('email', isMasked(answer, ['users', 'nodes', 0, 'email']));
say('id', isMasked(answer, ['users', 'nodes', 0, 'id']));
say('heard', heard.length === 1 && heard[0] === told);

const cached = await client.query({ query: PEOPLE, variables: { first: 5 } });
say('cached', masks({ data: cached.data, extensions: { masking: link.of(PEOPLE, { first: 5 }) } }, 'name', 'email'));
say('requests', heard.length);

const nameless = await client.query({ query: NAMELESS, fetchPolicy: 'network-only' });
say('nameless', masks({ data: nameless.data, extensions: { masking: link.of(NAMELESS) } }, 'email'));

const rejected = await client.query({ query: PEOPLE, variables: {}, ...wishing({ onMasked: 'REJECT' }), errorPolicy: 'all' });
say('rejected', {
  data: rejected.data ?? null,
  code:
    CombinedGraphQLErrors.is(rejected.error) &&
    rejected.error.errors.map((error) => error.extensions?.['code'] === MASKED_ANSWER_REJECTED),
});

const dry = await link.foretell(client, PEOPLE);
say('dry', dry?.fields.map((field) => `${field.coordinate} ${field.mask} ${field.rows}`));
say('dry run leaves the list of the answer', masks({ ...answer, extensions: { masking: link.of(PEOPLE, { first: 5 }) } }, 'name'));

const me = await client.query({ query: ME, variables: { fields: fieldsOf<'User'>('phone', 'roles') } });
const viewer = me.data!.viewer;
say('me', [readsInFull(viewer, 'phone'), mayWrite(viewer, 'phone'), mayWrite(viewer, 'roles'), mayWrite(viewer, 'status')]);
say('mine', link.of(ME, { fields: ['phone', 'roles'] }));

link.forget();
say('forgotten', link.of(PEOPLE));
client.stop();
