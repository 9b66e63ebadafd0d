// The documents that the console itself sends; whoever renames a field of the schema renames it here.

export const SIGN_IN = `mutation ConsoleSignIn($input: SignInInput!) {
  signIn(input: $input) {
    csrfToken
    organisations { slug name }
    userErrors { code field message }
  }
}`;

export const SIGN_OUT = `mutation ConsoleSignOut {
  signOut { userErrors { code message } }
}`;

export const VIEWER = `query ConsoleViewer {
  viewer { id displayName roles { role } }
  organisation { name }
}`;

export const WELCOME = `# The latest work orders, as your role sees them.
# The list under the answer names what is masked.
query LatestWorkOrders {
  workOrders(first: 10) {
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
