"""Models that are made by something else than their class: class methods, Auto classes, functions with a name."""

from __future__ import annotations

from ..signatures.model import Entry, Signature
from . import libraries
from .answers import Answer, Question
from .program import Program
from .values import (
    NEVER,
    Class,
    Constant,
    Instance,
    LibraryClass,
    LibraryFunction,
    Tensor,
    UserClass,
    Value,
    join,
    known_string,
    only,
    unknown,
)

Passing = tuple[tuple[Value, ...], tuple[tuple[str, Value], ...], bool]
"""Arguments as a result depends on them: by position, by keyword, and whether there may be others."""

_TENSOR = "torch.Tensor"


def argument(passing: Passing, place: int, *names: str) -> Value | None:
    """What is passed at a position, or by one of the keywords; None where nothing is."""
    positional, keywords, _ = passing
    if place < len(positional):
        return positional[place]
    return next((value for keyword, value in keywords if keyword in names), None)


def changes_output(keywords: tuple[tuple[str, Value], ...]) -> bool:
    """Whether a model is made with options under which it returns something else than usual."""
    return any(
        keyword in libraries.CHANGES_OUTPUT and value != only(Constant(keyword == "return_dict"))
        for keyword, value in keywords
    )


class Making:
    """What those give, for one `Program`."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._signatures = program.world.signatures

    def entry(self, cls: Class | LibraryFunction) -> Entry | None:
        if isinstance(cls, UserClass):
            return None
        found = self._signatures.find(cls.qualified)
        return None if found is None else found.entry

    def returned(self, signature: Signature, producer: Class | None) -> Value:
        """What something of this signature returns."""
        if signature.returns == _TENSOR:
            return only(Tensor())
        found = self._signatures.find(signature.returns) if signature.returns else None
        if found is None:
            return unknown("what it returns is not known")
        return only(Instance(LibraryClass(found.entry.qualified), producer))

    def made(self, cls: LibraryClass | UserClass, name: str, passing: Passing) -> Value:
        """What `from_pretrained` and its like give."""
        _, keywords, is_open = passing
        if changes_output(keywords):
            return unknown("made with options that change what it returns")
        entry = self.entry(cls)
        if isinstance(cls, LibraryClass) and cls.qualified.startswith(libraries.ADAPTED):
            return only(Instance(LibraryClass(libraries.ADAPTED)))
        if entry is not None and libraries.is_pipeline(entry):
            return only(Instance(cls, parts=keywords))
        if entry is None or entry.role != "auto":
            return only(Instance(cls))
        if name == "from_pretrained":
            source = argument(passing, 0, "pretrained_model_name_or_path")
            source = dict(keywords).get("config", source)
        else:
            source = argument(passing, 0, "config")
        if dict(keywords).get("trust_remote_code", only(Constant(False))) != only(Constant(False)):
            return unknown(f"code from elsewhere may say what {entry.name} gives")
        chosen = self._chosen(entry, source or NEVER)
        if is_open and chosen == only(Instance(LibraryClass(entry.qualified))):
            return unknown(f"code from elsewhere may say what {entry.name} gives")  # by an argument that is not seen
        return chosen

    def _chosen(self, auto: Entry, source: Value) -> Value:
        """The class that an auto class chooses for a checkpoint's name or a configuration: one of all where neither is
        known."""
        depends = unknown(f"which class {auto.name} gives depends on its argument")
        types: tuple[str, ...] = ()
        for atom in source if len(source) == 1 else ():
            if isinstance(atom, Constant) and isinstance(atom.value, str):
                types = self._model_types(atom.value, auto)
            elif isinstance(atom, Instance):
                config = self.entry(atom.cls)
                if config is None or config.role != "config":
                    return depends if config is None or config.role != "auto" else self._any_of(auto) or depends
                types = (config.model_type,) if config.model_type in auto.mapping else ()
        package = auto.module.partition(".")[0]
        names = (name for model_type in types for name in auto.mapping[model_type])
        found = [known for known in (self._signatures.find(f"{package}.{name}") for name in names) if known is not None]
        if found:
            return join(only(Instance(LibraryClass(known.entry.qualified))) for known in found)
        return self._any_of(auto) or depends

    def _model_types(self, checkpoint: str, auto: Entry) -> tuple[str, ...]:
        """What the checkpoint's configuration says where it is at hand, else what its name may stand for."""
        question = Question(self.program.main.path, "", 0, checkpoint, "checkpoint")
        answer: Answer | None = self.program.ask("answer", question)
        said = known_string(answer.value) if answer is not None else None
        if said is not None:
            return (said,) if said in auto.mapping else ()
        return libraries.guessed_model_types(checkpoint, auto.mapping)

    def _any_of(self, auto: Entry) -> Value:
        """One of all models that an auto class can give, unless the file adds some."""
        if auto.name in libraries.GIVES_OTHERS or libraries.ADDS_CLASSES in self.program.main.text:
            return NEVER
        package = auto.module.partition(".")[0]
        first = next((name for names in auto.mapping.values() for name in names), "")
        known = self._signatures.find(f"{package}.{first}")
        if known is None or not libraries.is_module(known.entry):
            return NEVER
        return only(Instance(LibraryClass(auto.qualified)))

    def made_by_name(self, package: str, name: Value | None, passing: Passing) -> Value:
        """What the function of the package that has this name makes; a timm model may name its weights behind a dot."""
        _, keywords, is_open = passing
        text = known_string(name)
        changed = is_open or any(keyword in libraries.CHANGES_WHAT_IS_MADE for keyword, _ in keywords)
        if text is None or changed:
            return unknown("which model is made depends on arguments")
        found = self._signatures.find(f"{package}.{text.partition('.')[0]}")
        if found is None or found.entry.role != "function" or found.entry.call is None:
            return unknown(f"{package} has no function of that name")
        return self.returned(found.entry.call, None)

    def made_by_hub(self, passing: Passing) -> Value:
        """What `torch.hub.load` makes of a repository whose functions are those of a package."""
        repository = known_string(argument(passing, 0, "repo_or_dir")) or ""
        package = libraries.HUBS.get(repository.partition(":")[0])
        if package is None:
            return unknown("what the repository's code makes is not known")
        return self.made_by_name(package, argument(passing, 1, "model"), passing)

    def made_by_task(self, passing: Passing) -> Value:
        """The pipeline that `pipeline(task, model=...)` makes, with the model in it."""
        _, keywords, is_open = passing
        task = known_string(argument(passing, 0, "task"))
        cls, autos = libraries.pipeline_for(task) if task else ("", ())
        found = self._signatures.find(f"transformers.{cls}")
        if found is None or is_open or not {keyword for keyword, _ in keywords}.isdisjoint(libraries.OTHER_PIPELINES):
            return unknown("which pipeline is made depends on arguments")
        model = argument(passing, 1, "model") or only(Constant(None))
        named = all(isinstance(atom, Constant) for atom in model)
        if named:
            config = dict(keywords).get("config", model)
            model = join(self._auto_made(name, config) for name in autos) or unknown("which model the pipeline has")
        return only(Instance(LibraryClass(found.entry.qualified), parts=(("model", model),)))

    def _auto_made(self, name: str, source: Value) -> Value:
        found = self._signatures.find(f"transformers.{name}")
        return NEVER if found is None else self._chosen(found.entry, source)
