"""GitHub as an issue tracker."""
