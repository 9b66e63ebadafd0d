"""The program `isomod`: every verb by its name, and nothing else. It refuses to know what a verb does."""

import typer

from isomod_graphql.cli.client import client
from isomod_graphql.cli.demo.verb import demo
from isomod_graphql.cli.doctor import doctor
from isomod_graphql.cli.explain import explain
from isomod_graphql.cli.migrate import migrate
from isomod_graphql.cli.policy import policy
from isomod_graphql.cli.sdl import schema
from isomod_graphql.cli.serve import serve
from isomod_graphql.cli.worker import worker

program = typer.Typer(
    name="isomod",
    help="The GraphQL API server of the IsoMod platform. Settings come from the environment (docs/operations.md).",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

for verb in (demo, serve, worker, migrate, doctor, explain):
    program.command()(verb)
program.add_typer(schema, name="schema")
program.add_typer(client, name="client")
program.add_typer(policy, name="policy")


def verbs() -> list[str]:
    """Every verb as it is typed after `isomod`; documents and tests are compared with it."""
    named = [command.callback.__name__ for command in program.registered_commands if command.callback]
    groups = [
        f"{group.name} {command.name}"
        for group in program.registered_groups
        if group.typer_instance
        for command in group.typer_instance.registered_commands
    ]
    return [*named, *groups]
