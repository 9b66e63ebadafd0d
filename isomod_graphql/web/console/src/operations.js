// The documents that the console itself sends; whoever renames a field of the schema renames it here.

export const SIGN_IN = `mutation ConsoleSignIn($input: SignInInput!) {
  signIn(input: $input) {
    csrfToken
    userErrors { code field message }
  }
}`;

export const SIGN_OUT = `mutation ConsoleSignOut {
  signOut { userErrors { code message } }
}`;

export const STEP_UP = `mutation ConsoleStepUp($input: StepUpInput!) {
  stepUp(input: $input) {
    csrfToken
    userErrors { code field message }
  }
}`;

export const VIEWER = `query ConsoleViewer {
  viewer { id displayName roles { role } }
  organisation { name }
  viewAs: __type(name: "StartViewAsInput") { name }
}`;

export const MEMBERS_BY_NAME = `query ConsolePeople($start: String!) {
  users(first: 50, orderBy: NAME_ASC, filter: { namePrefix: $start, status: [ACTIVE] }) {
    nodes { id displayName roles { role } }
  }
}`;

export const START_VIEW_AS = `mutation ConsoleStartViewAs($input: StartViewAsInput!) {
  startViewAs(input: $input) {
    ticket
    until
    userErrors { code field message }
  }
}`;

export const WELCOME = `# The latest work orders, as your role sees them.
# The list under the answer names what is masked.
query LatestWorkOrders {
  workOrders(first: 10, orderBy: NUMBER_DESC) {
    totalCount
    edges {
      node {
        number
        title
        status
        assignee { displayName email }
      }
    }
  }
}
`;

const done = (name, field, input) => `mutation ${name}($input: ${input}!) {
  ${field}(input: $input) { userErrors { code field message } }
}`;

export const ACCEPT_INVITATION = done('AcceptInvitation', 'acceptInvitation', 'AcceptInvitationInput');
export const VERIFY_EMAIL = done('VerifyEmail', 'verifyEmail', 'TokenInput');
export const RESET_PASSWORD = done('ResetPassword', 'resetPassword', 'ResetPasswordInput');
export const CONFIRM_EMAIL_CHANGE = done('ConfirmEmailChange', 'confirmEmailChange', 'TokenInput');
export const REQUEST_PASSWORD_RESET = done(
  'RequestPasswordReset',
  'requestPasswordReset',
  'RequestPasswordResetInput',
);

export const ABILITIES = `query ConsoleAbilities {
  __type(name: "Query") { fields { name } }
}`;

export const PEOPLE = `query ConsolePeople($after: Cursor) {
  users(first: 100, after: $after) {
    nodes { id displayName email pseudonym }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const FIELDS_OF_POLICY = `query ConsoleFields {
  policyMatrix { fields { coordinate } }
}`;

export const EXPLAIN_ACCESS = `query ConsoleExplainAccess($viewerId: ID!, $objectId: ID!, $field: String!) {
  explainAccess(viewerId: $viewerId, objectId: $objectId, field: $field) {
    coordinate category read mask reason policyVersion privacyTold because
    viewer { displayName }
    object { __typename ... on User { displayName } ... on Contact { displayName } }
    steps { rule effect level says }
    remedies { rule level says }
  }
}`;
