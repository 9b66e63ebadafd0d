"""The operator's verbs, one file each. Nothing heavy is imported before a verb runs, so that `isomod --help` answers at once."""


def main() -> None:
    """The console script `isomod`: ends with a code other than 0 when the verb failed, and says why in one line."""
    try:
        from isomod_graphql.cli.program import program

        program()
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except Exception as error:  # noqa: BLE001  what nobody expected is raised again by `explain`
        from isomod_graphql.cli.failures import explain

        raise SystemExit(explain(error)) from None
