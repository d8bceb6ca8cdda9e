"""What an expression in a library's function can be, worked out from its syntax and from live objects.

The answer of `evaluate` is a list of candidates: live objects, instances of live classes, bound methods, containers, or
`Unknown` with its reason. None (the constant) has no candidates, since it cannot be called.
"""

import ast
import builtins
import collections
import collections.abc
import importlib.util
import inspect
import sys
import types

from . import source

Live = collections.namedtuple("Live", "value")
Instance = collections.namedtuple("Instance", "cls")
Method = collections.namedtuple("Method", "function cls")
Super = collections.namedtuple("Super", "cls after")
Container = collections.namedtuple("Container", "items parts", defaults=(None,))
"""`items`: whatever may be in it; `parts`: of a tuple that is written out, the candidates at each position."""
Unknown = collections.namedtuple("Unknown", "reason")

_ANY = "any element"
_DEEPEST = 16
_SAME = ("to", "eval", "train", "cuda", "cpu", "half", "float", "bfloat16", "requires_grad_", "values", "items", "copy")
_PASS_THROUGH = ("list", "tuple", "reversed", "iter", "sorted", "copy", "deepcopy", "next", "set")
_CONTAINERS = ("ModuleList", "ModuleDict", "Sequential", "OrderedDict", "dict", "list", "tuple")


def module_class():
    """`torch.nn.Module`, or None where torch is not imported."""
    return getattr(sys.modules.get("torch.nn"), "Module", None)


class Scope:
    """One function's names: `cls` is the class of `self`, `bound` holds what is known of its arguments."""

    def __init__(self, function, node, cls=None, bound=None):
        self.function = function
        self.node = node
        self.cls = cls
        self.bound = bound or {}
        arguments = node.args
        positional = [argument.arg for argument in getattr(arguments, "posonlyargs", []) + arguments.args]
        self.parameters = set(positional + [argument.arg for argument in arguments.kwonlyargs])
        for variadic in (arguments.vararg, arguments.kwarg):
            if variadic is not None:
                self.parameters.add(variadic.arg)
        self.annotations = {
            argument.arg: argument.annotation
            for argument in getattr(arguments, "posonlyargs", []) + arguments.args + arguments.kwonlyargs
            if argument.annotation is not None
        }
        self.self_name = positional[0] if cls is not None and positional else None
        self._assigned = None
        self._busy = set()

    @property
    def assigned(self):
        """name -> [(expression, steps)], see `_bind`."""
        if self._assigned is None:
            self._assigned = collections.defaultdict(list)
            body = self.node.body if isinstance(self.node.body, list) else [self.node.body]
            for child in own_nodes(body):
                self._note(child)
        return self._assigned

    def _note(self, node):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self._bind(target, node.value, ())
        elif (isinstance(node, ast.AnnAssign) and node.value is not None) or isinstance(node, ast.NamedExpr):
            self._bind(node.target, node.value, ())
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
                self.annotations[node.target.id] = node.annotation
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._bind_loop(node.target, node.iter)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if item.optional_vars is not None:
                    self._bind(item.optional_vars, None, ())
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                self._assigned[alias.asname or alias.name].append((node, alias.name))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            self._assigned[node.name].append((None, ()))

    def _bind(self, target, value, steps):
        """Note a target; `steps` say how its value is reached from the expression `value`, see `_step`."""
        if isinstance(target, ast.Name):
            self._assigned[target.id].append((value, steps))
        elif isinstance(target, (ast.Tuple, ast.List)):
            size = len(target.elts)
            for index, element in enumerate(target.elts):
                self._bind(element, value, steps + ((index, size),))

    def _bind_loop(self, target, iterated):
        name = iterated.func.id if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) else ""
        pair = isinstance(target, (ast.Tuple, ast.List))
        if name == "enumerate" and pair and len(target.elts) == 2 and iterated.args:
            self._bind_loop(target.elts[1], iterated.args[0])
        elif name == "zip" and pair and len(target.elts) == len(iterated.args):
            for element, part in zip(target.elts, iterated.args):
                self._bind_loop(element, part)
        elif pair and len(target.elts) == 2 and _calls_method(iterated, "items"):
            self._bind(target.elts[1], iterated.func.value, (_ANY,))
        else:
            self._bind(target, iterated, (_ANY,))


def _calls_method(node, name):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name


def own_nodes(statements):
    """All nodes below, without the bodies of nested functions and classes."""
    stack = list(reversed(statements))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            stack.extend(reversed(list(ast.iter_child_nodes(node))))


def evaluate(node, scope, depth=0):
    """The candidates of an expression, see the module's text."""
    if node is None or depth > _DEEPEST:
        return [Unknown("too deep to follow")]
    if isinstance(node, ast.Constant):
        return [] if node.value is None else [Live(node.value)]
    if isinstance(node, ast.Name):
        return _name(node.id, scope, depth)
    if isinstance(node, ast.Attribute):
        return _union(attribute(value, node.attr, depth + 1) for value in evaluate(node.value, scope, depth + 1))
    if isinstance(node, ast.Call):
        return _call(node, scope, depth)
    if isinstance(node, ast.IfExp):
        return _union([evaluate(node.body, scope, depth + 1), evaluate(node.orelse, scope, depth + 1)])
    if isinstance(node, ast.BoolOp):
        return _union(evaluate(value, scope, depth + 1) for value in node.values)
    if isinstance(node, ast.Subscript):
        values = evaluate(node.value, scope, depth + 1)
        if _is_name(node.value, "LOSS_MAPPING") and scope.cls is not None:
            return _union(_losses(value, scope.cls) for value in values)
        if isinstance(node.slice, ast.Slice):
            return values
        return _union(elements(value) for value in values)
    if isinstance(node, ast.Tuple) and not any(isinstance(element, ast.Starred) for element in node.elts):
        parts = [evaluate(element, scope, depth + 1) for element in node.elts]
        return [Container(_union(parts), parts)]
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [Container(_union(_spread(element, scope, depth) for element in node.elts))]
    if isinstance(node, ast.Dict):
        return [Container(_union(evaluate(value, scope, depth + 1) for value in node.values))]
    if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp)):
        return [Container(evaluate(node.elt, scope, depth + 1))]
    if isinstance(node, ast.DictComp):
        return [Container(evaluate(node.value, scope, depth + 1))]
    if isinstance(node, ast.Starred):
        return _spread(node, scope, depth)
    if isinstance(node, ast.NamedExpr):
        return evaluate(node.value, scope, depth + 1)
    if isinstance(node, ast.Await):
        return [Unknown("an awaited value")]
    return [Unknown("an expression that is not followed")]


def _spread(node, scope, depth):
    if isinstance(node, ast.Starred):
        return _union(elements(value) for value in evaluate(node.value, scope, depth + 1))
    return evaluate(node, scope, depth + 1)


def _union(lists):
    union = []
    for values in lists:
        for value in values:
            if not any(_same(value, other) for other in union):
                union.append(value)
    return union


def _same(one, other):
    if type(one) is not type(other):
        return False
    if isinstance(one, Container):
        if one.parts is not None or other.parts is not None:
            return False
        return len(one.items) == len(other.items) and all(map(_same, one.items, other.items))
    if isinstance(one, Unknown):
        return one.reason == other.reason
    return all(part is matching for part, matching in zip(one, other))


def _name(name, scope, depth):
    if name == scope.self_name:
        return [Instance(scope.cls)]
    if name in scope.bound:
        return scope.bound[name]
    local = scope.assigned.get(name)
    if local:
        if name in scope._busy:
            return []
        scope._busy.add(name)
        try:
            found = _union(_assigned_value(value, how, scope, depth + 1) for value, how in local)
        finally:
            scope._busy.discard(name)
        if any(isinstance(value, Unknown) for value in found):
            return _annotated(name, scope) or found
        return found
    if name in scope.parameters:
        return _annotated(name, scope) or [Unknown("the argument `{}`".format(name))]
    found, value = outer(name, scope.function)
    return ([] if value is None else [Live(value)]) if found else [Unknown("`{}`".format(name))]


def _annotated(name, scope):
    """An instance of the class that an annotation names, if no subclass of it could stand there instead."""
    annotation = scope.annotations.get(name)
    classes = []
    for node in ast.walk(annotation) if annotation is not None else ():
        text = getattr(node, "id", getattr(node, "value", None))
        value = outer(text, scope.function)[1] if isinstance(text, str) else None
        if isinstance(value, type) and value.__module__ not in ("builtins", "collections.abc", "typing"):
            classes.append(value)
    return [Instance(classes[0])] if len(classes) == 1 and not classes[0].__subclasses__() else []


def outer(name, function):
    """(found, value) of a name that a function takes from around it: closure, module, builtins."""
    code = getattr(function, "__code__", None)
    if code is not None and name in code.co_freevars and function.__closure__:
        try:
            return True, function.__closure__[code.co_freevars.index(name)].cell_contents
        except ValueError:
            return False, None
    for namespace in (getattr(function, "__globals__", {}), vars(builtins)):
        if name in namespace:
            return True, namespace[name]
    return False, None


def _assigned_value(node, how, scope, depth):
    if isinstance(node, ast.ImportFrom):
        return _imported(node, how, scope.function)
    values = evaluate(node, scope, depth)
    for step in how:
        values = _union(_step(value, step) for value in values)
    return values


def _step(value, step):
    """The part of a value that a target takes: position and number of targets, or any element."""
    if step is not _ANY and isinstance(value, Container) and value.parts is not None and len(value.parts) == step[1]:
        return value.parts[step[0]]
    return elements(value)


def _imported(node, name, function):
    """What an import inside a function gives, if its module is loaded already."""
    dotted = "." * node.level + (node.module or "")
    try:
        module = sys.modules.get(importlib.util.resolve_name(dotted, function.__globals__.get("__package__")))
        return [Live(getattr(module, name))]
    except Exception:
        return [Unknown("`{}`".format(name))]


def elements(value):
    """What iterating over a value, or indexing it, gives."""
    if isinstance(value, Container):
        return list(value.items)
    if isinstance(value, Live):
        held = value.value
        if isinstance(held, collections.abc.Mapping):
            return registry(held)
        if isinstance(held, (list, tuple, set, frozenset)):
            return _union([Live(item)] for item in held if item is not None)
    if isinstance(value, Unknown):
        return [value]
    return [Unknown("an element of {}".format(describe(value)))]


def registry(mapping):
    """The values of a mapping of functions or classes; `(class, keywords)` pairs stand for the class."""
    found = []
    try:
        for item in list(mapping.values()):
            if isinstance(item, tuple) and item and isinstance(item[0], type):
                item = item[0]
            if item is not None:
                found.append([Live(item)])
    except Exception as error:
        return [Unknown("a registry that raises {}".format(type(error).__name__))]
    return _union(found)


def _losses(mapping, cls):
    """The loss functions that a model can have: transformers finds them by their names within the class's name."""
    if not (isinstance(mapping, Live) and isinstance(mapping.value, dict)):
        return elements(mapping)
    wanted = {name for name in mapping.value if name in cls.__name__}
    for base in cls.__mro__:
        for name, value, _ in attribute_table(base) if base is not module_class() else ():
            if name == "loss_type" and isinstance(value, ast.Constant):
                wanted.add(value.value)
    default = mapping.value.get("ForCausalLM")
    found = [mapping.value[name] for name in sorted(wanted & set(mapping.value))] or [default or next(iter(mapping.value))]
    return _union([Live(loss)] for loss in found)


def describe(value):
    """A few words for a reason."""
    if isinstance(value, Unknown):
        return value.reason
    held = value.cls if isinstance(value, (Instance, Super)) else getattr(value, "value", value)
    if isinstance(value, Method):
        held = value.function
    return "`{}`".format(getattr(held, "__qualname__", type(held).__name__))


def attribute(value, name, depth=0):
    """The candidates of `value.name`."""
    if isinstance(value, Unknown):
        return [value]
    if isinstance(value, Instance):
        return _of_instance(value.cls, value.cls.__mro__, name, depth)
    if isinstance(value, Super):
        mro = value.cls.__mro__
        after = mro[mro.index(value.after) + 1 :] if value.after in mro else ()
        return _of_instance(value.cls, after, name, depth)
    if isinstance(value, Live):
        try:
            if isinstance(value.value, type):
                found = inspect.getattr_static(value.value, name)
                if isinstance(found, classmethod):
                    return [Method(found.__func__, value.value)]
                return [Live(source.plain(found))]
            found = getattr(value.value, name)
            return [] if found is None else [Live(found)]
        except Exception:
            return [Unknown("`{}`".format(name))]
    if isinstance(value, Container) and name in ("values", "items"):
        return [value]
    return [Unknown("`{}` of {}".format(name, describe(value) if not isinstance(value, Container) else "a container"))]


def _of_instance(cls, mro, name, depth):
    module = module_class()
    if name == "__call__":
        return [called(cls, mro)]
    for base in mro:
        if name in vars(base):
            found = vars(base)[name]
            if isinstance(found, property):
                getter = found.fget
                return returned(getter, cls, None, depth + 1) if getter is not None else [Unknown(name)]
            if isinstance(found, staticmethod):
                return [Live(found.__func__)]
            if isinstance(found, (types.FunctionType, classmethod)):
                return [Method(source.plain(found), cls)]
            if found is None:
                break
            return [Live(found)]
    for base in mro:
        if base is module:
            break
        found = [_assigned_attribute(item, cls, depth) for item in attribute_table(base) if _names(item, name, cls)]
        values = _union(found)
        if values:
            return values
    if any(_names(item, name, cls) for base in mro if base is not module for item in attribute_table(base)):
        return []
    return [Unknown("`self.{}` is not assigned in sight".format(name))]


def called(cls, mro=None):
    """What calling an instance runs: its own `__call__`, or `forward` where that is torch's."""
    module = module_class()
    for base in cls.__mro__ if mro is None else mro:
        if "__call__" in vars(base):
            if base is not module:
                return Method(source.plain(vars(base)["__call__"]), cls)
            break
    forward = next((vars(base)["forward"] for base in cls.__mro__ if "forward" in vars(base)), None)
    if forward is None or module is None or not issubclass(cls, module):
        return Unknown("`{}` cannot be called".format(cls.__name__))
    return Live(forward.__func__) if isinstance(forward, staticmethod) else Method(source.plain(forward), cls)


_TABLES = {}


def attribute_table(cls):
    """[(name expression or text, value, function)] of `self.name = value` and `setattr(self, name, value)`.

    What `__init__` assigns counts before what setters and other methods assign.
    """
    if cls in _TABLES:
        return _TABLES[cls]
    first, later = [], []
    for member in list(vars(cls).values()):
        function = source.innermost(member)
        if not isinstance(function, types.FunctionType) or function.__name__ == "<lambda>":
            continue
        node = source.node_of(function)
        if node is None or not isinstance(node, ast.FunctionDef) or not node.args.args:
            continue
        into = first if function.__name__ == "__init__" else later
        into.extend(_assignments(node, node.args.args[0].arg, function))
    named = {item[0] for item in first}
    _TABLES[cls] = first + [item for item in later if item[0] not in named and not _is_argument(item)]
    return _TABLES[cls]


def _is_argument(item):
    _, value, function = item
    code = function.__code__
    return isinstance(value, ast.Name) and value.id in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


def _assignments(node, self_name, function):
    for child in own_nodes(node.body):
        targets = child.targets if isinstance(child, ast.Assign) else [getattr(child, "target", None)]
        if isinstance(child, (ast.Assign, ast.AnnAssign)) and child.value is not None:
            for target in targets:
                if isinstance(target, ast.Attribute) and _is_name(target.value, self_name):
                    yield target.attr, child.value, function
        elif isinstance(child, ast.Call) and len(child.args) == 3 and _is_name(child.func, "setattr"):
            if _is_name(child.args[0], self_name):
                yield child.args[1], child.args[2], function
        elif isinstance(child, ast.Call) and _calls_method(child, "add_module") and len(child.args) == 2:
            if _is_name(child.func.value, self_name):
                yield child.args[0], child.args[1], function


def _is_name(node, name):
    return isinstance(node, ast.Name) and node.id == name


def _names(item, name, cls):
    key = item[0]
    if isinstance(key, str):
        return key == name
    scope = _method_scope(item[2], cls)
    return any(isinstance(value, Live) and value.value == name for value in evaluate(key, scope, _DEEPEST - 3))


def _assigned_attribute(item, cls, depth):
    return evaluate(item[1], _method_scope(item[2], cls), depth + 1)


def _method_scope(function, cls):
    return Scope(function, source.node_of(function), cls)


def returned(function, cls, bound, depth):
    """The candidates of what a function returns."""
    function = source.innermost(function)
    node = source.node_of(function)
    if node is None or depth > _DEEPEST:
        return [Unknown("what `{}` returns".format(getattr(function, "__qualname__", function)))]
    scope = Scope(function, node, cls, bound)
    if isinstance(node, ast.Lambda):
        return evaluate(node.body, scope, depth + 1)
    results = [
        child.value for child in own_nodes(node.body) if isinstance(child, ast.Return) and child.value is not None
    ]
    return _union(evaluate(result, scope, depth + 1) for result in results if not _is_backing(result, scope))


def _is_backing(node, scope):
    """`return self._x` of a property whose `_x` only a setter assigns: nobody set it but the user."""
    if not (isinstance(node, ast.Attribute) and _is_name(node.value, scope.self_name) and node.attr.startswith("_")):
        return False
    return all(item[0] != node.attr for base in scope.cls.__mro__ for item in attribute_table(base))


def _call(node, scope, depth):
    function = node.func
    name = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
    if isinstance(function, ast.Name):
        if name == "super":
            return _super(node, scope)
        if name == "getattr" and len(node.args) >= 2:
            return _getattr(node, scope, depth)
        if name == "partial" and node.args:
            return evaluate(node.args[0], scope, depth + 1)
        if name in _PASS_THROUGH and node.args:
            return evaluate(node.args[0], scope, depth + 1)
    elif isinstance(function, ast.Attribute):
        rest = scope.node.args.kwarg
        if name in ("pop", "get") and rest is not None and _is_name(function.value, rest.arg):
            # There only where a caller passed it by that name.
            return _union(evaluate(argument, scope, depth + 1) for argument in node.args[1:])
        owners = evaluate(function.value, scope, depth + 1)
        if name in ("partial", "deepcopy", "copy") and node.args:
            return evaluate(node.args[0], scope, depth + 1)
        if name in _SAME and owners and all(isinstance(owner, (Instance, Container)) for owner in owners):
            return owners
        if name in ("get", "get_interface") and owners and all(_holds(owner) for owner in owners):
            defaults = [evaluate(argument, scope, depth + 1) for argument in node.args[1:]]
            return _union([elements(owner) for owner in owners] + defaults)
        if name in ("from_config", "_from_config", "from_pretrained"):
            return _union(_from_config(owner, node, scope) for owner in owners)
    arguments = (node, scope)
    return _union(_result(callee, arguments, depth) for callee in evaluate(function, scope, depth + 1))


def _holds(value):
    return isinstance(value, Container) or (
        isinstance(value, Live) and isinstance(value.value, collections.abc.Mapping)
    )


def _super(node, scope):
    if len(node.args) == 2:
        return [Super(scope.cls, value.value) for value in evaluate(node.args[0], scope, 1) if isinstance(value, Live)]
    found, cls = outer("__class__", scope.function)
    if found and scope.cls is not None:
        return [Super(scope.cls, cls)]
    return [Unknown("`super()`")]


def _getattr(node, scope, depth):
    names = [value.value for value in evaluate(node.args[1], scope, depth + 1) if isinstance(value, Live)]
    if not names or not all(isinstance(name, str) for name in names):
        return [Unknown("an attribute whose name is computed")]
    owners = evaluate(node.args[0], scope, depth + 1)
    return _union(attribute(owner, name, depth + 1) for owner in owners for name in names)


def _result(callee, arguments, depth):
    """What calling `callee` gives."""
    node, scope = arguments
    if isinstance(callee, Live) and isinstance(callee.value, type):
        cls = callee.value
        if cls.__name__ in _CONTAINERS:
            parts = [argument.value if isinstance(argument, ast.Starred) else argument for argument in node.args]
            values = _union(evaluate(part, scope, depth + 1) for part in parts)
            items = [elements(value) if isinstance(value, Container) else [value] for value in values]
            return [Container(_union(items))]
        return [Instance(cls)]
    if isinstance(callee, Live) and isinstance(callee.value, types.MethodType):
        owner = callee.value.__self__
        return returned(callee.value, owner if isinstance(owner, type) else type(owner), None, depth + 1)
    if isinstance(callee, (Method, Live)):
        function = source.plain(callee.function if isinstance(callee, Method) else callee.value)
        if isinstance(function, types.FunctionType):
            cls = callee.cls if isinstance(callee, Method) else None
            return returned(function, cls, _bound(function, cls, node, scope, depth), depth + 1)
    if isinstance(callee, Unknown):
        return [callee]
    return [Unknown("what {} returns".format(describe(callee)))]


def _bound(function, cls, node, scope, depth):
    definition = source.node_of(source.innermost(function))
    if definition is None or depth > _DEEPEST - 2:
        return {}
    names = [argument.arg for argument in definition.args.args][1 if cls is not None else 0 :]
    bound = {}
    for name, argument in zip(names, node.args):
        if isinstance(argument, ast.Starred):
            break
        bound[name] = evaluate(argument, scope, depth + 1)
    for keyword in node.keywords:
        if keyword.arg:
            bound[keyword.arg] = evaluate(keyword.value, scope, depth + 1)
    return {
        name: values for name, values in bound.items() if values and not any(isinstance(v, Unknown) for v in values)
    }


def _from_config(owner, node, scope):
    cls = owner.value if isinstance(owner, Live) else owner.cls if isinstance(owner, Method) else None
    if not isinstance(cls, type):
        return [Unknown("a model made from a configuration")]
    mapping = getattr(cls, "_model_mapping", None)
    if mapping is None:
        module = module_class()
        return [Instance(cls)] if module and issubclass(cls, module) else [Unknown("`{}`".format(cls.__name__))]
    config = _config_class(node.args[0], scope) if node.args else None
    try:
        model = mapping[config] if config is not None else None
    except Exception:
        model = None
    models = model if isinstance(model, tuple) else (model,)
    if model is None:
        return [Unknown("the model that `{}.from_config` makes".format(cls.__name__))]
    return [Instance(item) for item in models]


def _config_class(node, scope):
    """The configuration class of `config` or `config.text_config` in a constructor; None where it may be any."""
    own = getattr(scope.cls, "config_class", None)
    if (isinstance(node, ast.Name) and node.id == "config") or (
        isinstance(node, ast.Attribute) and node.attr == "config"
    ):
        return own
    if isinstance(node, ast.Attribute):
        outer_config = _config_class(node.value, scope)
        part = (getattr(outer_config, "sub_configs", None) or {}).get(node.attr)
        return part if isinstance(part, type) and "model_type" in vars(part) else None
    return None
