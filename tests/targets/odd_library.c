/* The library that ODD_LIBRARY is linked with, and that no host has. */
int odd_start_of(int n);

int
odd_start_of(int n)
{
	return n + 1;
}
