"""What commands print: tables that fit the terminal, without characters that would act on it."""
