"""Language-model ladder. A model may propose; code disposes. The rules tier is always there."""
