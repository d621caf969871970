"""The resources, one a file. A file that has a RESOURCE is found by being here: nothing else lists them."""

from importlib import import_module
from pkgutil import iter_modules

from fcproxy.fake.resource import Resource

__all__ = ["all_resources"]


def all_resources() -> tuple[Resource, ...]:
    """The RESOURCE of every module in this package, in the order of the modules' names."""
    names = sorted(module.name for module in iter_modules(__path__, f"{__name__}."))
    found = (getattr(import_module(name), "RESOURCE", None) for name in names)
    return tuple(resource for resource in found if isinstance(resource, Resource))
