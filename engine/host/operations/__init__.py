"""Every operation once; the command line, the screens and the agent all call these."""
