"""What a team and its operators decide: the settings (environment variables) and the policy (a YAML file)."""
