return Flyscan.Twin.SimulateCommand.Run(args, Console.Out, Console.Error);
