// Everything that needs no GraphQL client: the list of masks, access to fields, and the words of both.
export * from './access.js';
export * from './generated.js';
export * from './masking.js';
