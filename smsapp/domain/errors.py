"""The one base of every "this cannot be done" that a person should read.

Services and domain functions raise subclasses of `Refusal`; pages show
`translate(lang, refusal.key, **refusal.params)`.
"""


class Refusal(Exception):
    """Something a person did that cannot be done, with the catalogue key of the sentence that says why.

    A subclass may set `key` as a class attribute and pass only parameters. `params` fill the `{{name}}` slots of the
    sentence; they must not hold secrets, since the text of the exception shows their names (never their values).
    """

    key: str = "error.refused"
    params: dict[str, object]

    def __init__(self, key: str | None = None, params: dict[str, object] | None = None, **more: object) -> None:
        if key is not None:
            self.key = key
        self.params = {**(params or {}), **more}
        names = ", ".join(sorted(self.params))
        super().__init__(f"{self.key} ({names})" if names else self.key)
